-- How much ink each digit takes, where it is darkest, and which two digits look most alike.
select 'digit ' || label, count(distinct id), round(sum(ink) / 16.0 / count(distinct id), 3)
  from digit join pixel using (id) group by label;

with mean as (select label, row, col, avg(ink) as ink from digit join pixel using (id)
              group by label, row, col)
select label, row, col, round(max(ink), 2) from mean group by label;

with mean as (select label, row, col, avg(ink) as ink from digit join pixel using (id)
              group by label, row, col)
select a.label, b.label, round(sum((a.ink - b.ink) * (a.ink - b.ink)), 3) as apart
  from mean a join mean b on a.row = b.row and a.col = b.col and a.label < b.label
  group by a.label, b.label order by apart limit 5;

select count(*), sum(label = 8) from digit where id in
  (select id from pixel where 3 <= row and row <= 4 and 12 <= ink group by id having 4 <= count(*));
