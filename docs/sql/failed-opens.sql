-- Attempts to connect that failed, by how, with the server and what answered.
select open.kind as how, coalesce(open.answer, 'nothing') as answer, resp_ip, resp_port, count(*) as attempts, count(distinct orig_ip) as clients
from read_parquet('DIR/v=1/*/*/part-*.parquet', hive_partitioning = true)
where open.kind in ('refused', 'unreachable', 'no-answer', 'half-open', 'aborted')
group by all
order by attempts desc, resp_ip, resp_port, how, answer
limit 20
