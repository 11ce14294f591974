-- The connections that two capture points saw, paired as "tcpwatch pair" does at its first two rungs: by both
-- initial sequence numbers, which no address translation changes, else by the client's at the same time, else by the
-- server's: a SYN proxy makes one of them anew. The clocks' offset is the median of the connections paired before.
-- Who opened a connection is guessed where both did at once, so both numbers count in either order. Of what fits several that is taken whose first bytes are the same, then that whose addresses are, where it is alone with them.
-- CLIENT and SERVER are folders that "tcpwatch --place NAME -o parquet:FOLDER" wrote; of one folder that both wrote to
-- 'FOLDER/v=1/place=NAME/*/part-*.parquet' are those of a place.
with a as (select *, key.orig_isn as orig_isn, key.resp_isn as resp_isn, if(key.orig_isn + key.resp_isn is null, null, [least(key.orig_isn, key.resp_isn), greatest(key.orig_isn, key.resp_isn)]) as isns, epoch_ns("start") as began, epoch_ns("end") as ended from read_parquet('CLIENT/v=1/*/*/part-*.parquet', hive_partitioning = true)),
     b as (select *, key.orig_isn as orig_isn, key.resp_isn as resp_isn, if(key.orig_isn + key.resp_isn is null, null, [least(key.orig_isn, key.resp_isn), greatest(key.orig_isn, key.resp_isn)]) as isns, epoch_ns("start") as began, epoch_ns("end") as ended from read_parquet('SERVER/v=1/*/*/part-*.parquet', hive_partitioning = true)),
     isns as (select a.id as a_id, b.id as b_id, 'isns' as rung, b.began - a.began as ahead,
              coalesce(a.key.orig_digest = b.key.orig_digest and a.key.resp_digest = b.key.resp_digest, false) as same_bytes,
              a.orig_ip = b.orig_ip and a.orig_port = b.orig_port and a.resp_ip = b.resp_ip and a.resp_port = b.resp_port as same_ends
              from a join b on a.isns = b.isns),
     isns_alone as (from isns qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1),
     isns_left as (from isns anti join isns_alone t on isns.a_id = t.a_id anti join isns_alone u on isns.b_id = u.b_id),
     isns_bytes as (from isns_left where same_bytes qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1),
     isns_rest as (from isns_left anti join isns_bytes t on isns_left.a_id = t.a_id anti join isns_bytes u on isns_left.b_id = u.b_id),
     isns_ends as (from isns_rest where same_ends qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1),
     by_isns as (from isns_alone union all from isns_bytes union all from isns_ends),
     clock as (select quantile_disc(ahead, 0.5) as ahead from by_isns),
     orig as (select a.id as a_id, b.id as b_id, 'isn' as rung, b.began - a.began as ahead,
              coalesce(a.key.orig_digest = b.key.orig_digest and a.key.resp_digest = b.key.resp_digest, false) as same_bytes,
              a.orig_ip = b.orig_ip and a.orig_port = b.orig_port and a.resp_ip = b.resp_ip and a.resp_port = b.resp_port as same_ends
              from (from a anti join by_isns on a.id = by_isns.a_id) a
              join (from b anti join by_isns on b.id = by_isns.b_id) b on a.orig_isn = b.orig_isn, clock
              where coalesce(b.began - clock.ahead <= a.ended + 2000000000 and b.ended - clock.ahead >= a.began - 2000000000, true)),
     orig_alone as (from orig qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1),
     orig_left as (from orig anti join orig_alone t on orig.a_id = t.a_id anti join orig_alone u on orig.b_id = u.b_id),
     orig_bytes as (from orig_left where same_bytes qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1),
     orig_rest as (from orig_left anti join orig_bytes t on orig_left.a_id = t.a_id anti join orig_bytes u on orig_left.b_id = u.b_id),
     orig_ends as (from orig_rest where same_ends qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1),
     so_far as (from by_isns union all from orig_alone union all from orig_bytes union all from orig_ends),
     clock2 as (select quantile_disc(ahead, 0.5) as ahead from so_far),
     resp as (select a.id as a_id, b.id as b_id, 'isn' as rung, b.began - a.began as ahead,
              coalesce(a.key.orig_digest = b.key.orig_digest and a.key.resp_digest = b.key.resp_digest, false) as same_bytes,
              a.orig_ip = b.orig_ip and a.orig_port = b.orig_port and a.resp_ip = b.resp_ip and a.resp_port = b.resp_port as same_ends
              from (from a anti join so_far on a.id = so_far.a_id) a
              join (from b anti join so_far on b.id = so_far.b_id) b on a.resp_isn = b.resp_isn, clock2
              where coalesce(b.began - clock2.ahead <= a.ended + 2000000000 and b.ended - clock2.ahead >= a.began - 2000000000, true)),
     resp_alone as (from resp qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1),
     resp_left as (from resp anti join resp_alone t on resp.a_id = t.a_id anti join resp_alone u on resp.b_id = u.b_id),
     resp_bytes as (from resp_left where same_bytes qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1),
     resp_rest as (from resp_left anti join resp_bytes t on resp_left.a_id = t.a_id anti join resp_bytes u on resp_left.b_id = u.b_id),
     resp_ends as (from resp_rest where same_ends qualify count(*) over (partition by a_id) = 1 and count(*) over (partition by b_id) = 1)
select p.rung, p.a_id, p.b_id,
       a.orig_ip || ':' || a.orig_port as a_orig, a.resp_ip || ':' || a.resp_port as a_resp,
       b.orig_ip || ':' || b.orig_port as b_orig, b.resp_ip || ':' || b.resp_port as b_resp
from (from so_far union all from resp_alone union all from resp_bytes union all from resp_ends) p join a on a.id = p.a_id join b on b.id = p.b_id
order by p.a_id
