// sqlite.c: answers the statements of an SQL file from a database file, which it only reads.
#include <stdio.h>
#include <stdlib.h>

#include "sqlite3.h"

static int show(void *unused, int count, char **values, char **names) {
  for (int i = 0; i < count; i++) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "");
  return puts(""), 0;
}

int main(int count, char **words) {
  if (count != 3) return fputs("usage: sqlite DATABASE STATEMENTS\n", stderr), 2;
  char address[512], *error = NULL;
  static char statements[65536];
  FILE *file = fopen(words[2], "r");
  if (!file) return perror(words[2]), 2;
  statements[fread(statements, 1, sizeof statements - 1, file)] = 0;
  sqlite3 *base;
  snprintf(address, sizeof address, "file:%s?immutable=1", words[1]);
  if (sqlite3_open_v2(address, &base, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) ||
      sqlite3_exec(base, statements, show, NULL, &error)) {
    return fprintf(stderr, "%s\n", error ? error : sqlite3_errmsg(base)), 1;
  }
  return sqlite3_close(base);
}
