-- Pairs of hosts between which the most data had to be sent again, with the longest of the shortest round trips.
select orig_ip, resp_ip, count(*) as conns, sum(orig.retx) + sum(resp.retx) as retransmitted,
       round((sum(orig.retx) + sum(resp.retx)) / nullif(sum(orig.data_segments) + sum(resp.data_segments), 0), 4) as of_segments,
       max(greatest(orig.rtt_min_s, resp.rtt_min_s)) as rtt_s
from read_parquet('DIR/v=1/*/*/part-*.parquet', hive_partitioning = true)
group by all
having retransmitted > 0
order by of_segments desc, conns desc, orig_ip, resp_ip
limit 20
