// Tables, an index, a join and groups, all in memory.
#include <stdio.h>

#include "clock.h"
#include "sqlite3.h"

static int show(void *unused, int count, char **values, char **names) {
  for (int i = 0; i < count; i++) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "");
  return puts(""), 0;
}

static const char PROGRAM[] =
    "create table goods(id integer primary key, name text, price real, kind integer);"
    "create table sold(good integer, amount integer);"
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)"
    " insert into goods select i, printf('good %06d', i * 7919 % 20000), i % 97 * 1.5, i % 13 from n;"
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 80000)"
    " insert into sold select i * 31 % 20000, i % 7 from n;"
    "create index by_good on sold(good);"
    "create index by_name on goods(name);"
    "select kind, count(*), sum(price * amount) from goods join sold on good = id"
    " group by kind order by 3 desc;"
    "select count(*) from goods where name like '%99%';"
    "update goods set price = price * 1.1 where kind in (select kind from goods where id < 5);"
    "select max(name), total(price), avg(length(name)) from goods;"
    "delete from sold where amount = 3;"
    "select good, group_concat(amount) from sold where good < 40 group by good having count(*) > 2;";

int main(void) {
  sqlite3 *base;
  char *error = NULL;
  if (sqlite3_open(":memory:", &base)) return 1;
  if (sqlite3_exec(base, PROGRAM, show, NULL, &error)) return fprintf(stderr, "%s\n", error), 2;
  tell_time();
  return 0;
}
