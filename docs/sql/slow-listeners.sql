-- Servers whose handshakes were slow, by day: how many, and what nineteen of twenty clients waited at most.
-- DIR is a folder that "tcpwatch -o parquet:DIR" wrote. Its files lie by date: with "where date >= '2026-11-01'", say,
-- those of other days are not opened.
select "date" as day, resp_ip, resp_port, count(*) as handshakes,
       round(quantile_cont(open.felt_s, 0.5), 6) as felt_p50_s, round(quantile_cont(open.felt_s, 0.95), 6) as felt_p95_s, max(open.felt_s) as felt_max_s
from read_parquet('DIR/v=1/*/*/part-*.parquet', hive_partitioning = true)
where open.felt_s is not null
group by all
order by felt_p95_s desc, handshakes desc, resp_ip, resp_port
limit 20
