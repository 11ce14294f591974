-- The connections that two capture points saw, paired as "tcpwatch pair" does at its first two rungs: by both
-- initial sequence numbers, which no address translation changes, else by the client's, where a SYN proxy made the server's
-- anew. The program also tries the server's, and looks at the times.
-- CLIENT and SERVER are folders that "tcpwatch --place NAME -o parquet:FOLDER" wrote.
with a as (from read_parquet('CLIENT/connections.parquet')),
     b as (from read_parquet('SERVER/connections.parquet')),
     two as (
       select a.id as a_id, b.id as b_id, 'isns' as rung
       from a join b on a.key.orig_isn = b.key.orig_isn and a.key.resp_isn = b.key.resp_isn
       qualify count(*) over (partition by a.id) = 1 and count(*) over (partition by b.id) = 1),
     one as (
       select a.id as a_id, b.id as b_id, 'isn' as rung
       from (from a where id not in (select a_id from two)) a
       join (from b where id not in (select b_id from two)) b on a.key.orig_isn = b.key.orig_isn
       qualify count(*) over (partition by a.id) = 1 and count(*) over (partition by b.id) = 1)
select p.rung, p.a_id, p.b_id,
       a.orig_ip || ':' || a.orig_port as a_orig, a.resp_ip || ':' || a.resp_port as a_resp,
       b.orig_ip || ':' || b.orig_port as b_orig, b.resp_ip || ':' || b.resp_port as b_resp
from (from two union all from one) p join a on a.id = p.a_id join b on b.id = p.b_id
order by p.a_id
