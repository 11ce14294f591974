-- Who holds TIME-WAIT towards whom: connections, and the time that they were held in all. A client that
-- holds tens of thousands towards one server runs out of ports.
select case time_wait.holder when 'resp' then resp_ip else orig_ip end as holder,
       case time_wait.holder when 'resp' then orig_ip else resp_ip || ':' || resp_port end as towards,
       count(*) as entered, sum(epoch_ns(time_wait.until) - epoch_ns(time_wait.since)) / 1e9 as held_s
from read_parquet('DIR/v=1/*/*/part-*.parquet', hive_partitioning = true)
where time_wait.holder is not null
group by all
order by entered desc, holder, towards
limit 20
