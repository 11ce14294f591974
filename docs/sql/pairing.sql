-- The connections that two capture points saw, paired as "tcpwatch pair" does at its first two rungs: by both
-- initial sequence numbers, which no address translation changes, else by the client's at the same time, else by the
-- server's: a SYN proxy makes one of them anew. The clocks' offset is the median of the connections paired before.
-- What fits several is left out; the program looks at digests and addresses of those, too.
-- CLIENT and SERVER are folders that "tcpwatch --place NAME -o parquet:FOLDER" wrote; of one folder that both wrote to
-- 'FOLDER/v=1/place=NAME/*/part-*.parquet' are those of a place.
with a as (select *, key.orig_isn as orig_isn, key.resp_isn as resp_isn, epoch_ns("start") as began, epoch_ns("end") as ended from read_parquet('CLIENT/v=1/*/*/part-*.parquet', hive_partitioning = true)),
     b as (select *, key.orig_isn as orig_isn, key.resp_isn as resp_isn, epoch_ns("start") as began, epoch_ns("end") as ended from read_parquet('SERVER/v=1/*/*/part-*.parquet', hive_partitioning = true)),
     both_isns as (
       select a.id as a_id, b.id as b_id, 'isns' as rung, b.began - a.began as ahead
       from a join b on a.orig_isn = b.orig_isn and a.resp_isn = b.resp_isn
       qualify count(*) over (partition by a.id) = 1 and count(*) over (partition by b.id) = 1),
     clock as (select quantile_disc(ahead, 0.5) as ahead from both_isns),
     by_orig as (
       select a.id as a_id, b.id as b_id, 'isn' as rung, b.began - a.began as ahead
       from (from a anti join both_isns on a.id = both_isns.a_id) a
       join (from b anti join both_isns on b.id = both_isns.b_id) b on a.orig_isn = b.orig_isn, clock
       where coalesce(b.began - clock.ahead <= a.ended + 2000000000 and b.ended - clock.ahead >= a.began - 2000000000, true)
       qualify count(*) over (partition by a.id) = 1 and count(*) over (partition by b.id) = 1),
     so_far as (from both_isns union all from by_orig),
     clock2 as (select quantile_disc(ahead, 0.5) as ahead from so_far),
     by_resp as (
       select a.id as a_id, b.id as b_id, 'isn' as rung, b.began - a.began as ahead
       from (from a anti join so_far on a.id = so_far.a_id) a
       join (from b anti join so_far on b.id = so_far.b_id) b on a.resp_isn = b.resp_isn, clock2
       where coalesce(b.began - clock2.ahead <= a.ended + 2000000000 and b.ended - clock2.ahead >= a.began - 2000000000, true)
       qualify count(*) over (partition by a.id) = 1 and count(*) over (partition by b.id) = 1)
select p.rung, p.a_id, p.b_id,
       a.orig_ip || ':' || a.orig_port as a_orig, a.resp_ip || ':' || a.resp_port as a_resp,
       b.orig_ip || ':' || b.orig_port as b_orig, b.resp_ip || ':' || b.resp_port as b_resp
from (from so_far union all from by_resp) p join a on a.id = p.a_id join b on b.id = p.b_id
order by p.a_id
