-- pairing.sql for ClickHouse, from 18.16 on, which has no window functions: statements to be asked one after the other.
-- CLIENT and SERVER are the names that --place gave to the two places. Records come in as JSON Lines, by HTTP:
--
--   tcpwatch -q --place CLIENT -o jsonl -r client.pcap | grep '^{"type":"conn"' | curl --data-binary @- \
--     'http://localhost:8123/?query=insert+into+conns+format+JSONEachRow&input_format_skip_unknown_fields=1&input_format_import_nested_json=1'
create table if not exists conns (
  place String, id UInt64, orig_ip String, orig_port UInt16, resp_ip String, resp_port UInt16, start String, end String,
  `key.orig_isn` Nullable(UInt32), `key.resp_isn` Nullable(UInt32),
  began Int64 materialized toInt64(toUnixTimestamp(parseDateTimeBestEffortOrZero(concat(substring(start, 1, 19), 'Z')))) * 1000000000
    + toInt64(toUInt64OrZero(substring(concat(replaceAll(substring(start, 21), 'Z', ''), '000000000'), 1, 9))),
  ended Int64 materialized toInt64(toUnixTimestamp(parseDateTimeBestEffortOrZero(concat(substring(end, 1, 19), 'Z')))) * 1000000000
    + toInt64(toUInt64OrZero(substring(concat(replaceAll(substring(end, 21), 'Z', ''), '000000000'), 1, 9)))
) engine = MergeTree order by (place, id);

drop table if exists paired;

create table paired (rung String, a_id UInt64, b_id UInt64, ahead Int64, timed UInt8) engine = Log;

-- By both numbers.
insert into paired select 'isns', a_id, b_id, b_began - a_began, a_began > 0 and b_began > 0
from (select assumeNotNull(`key.orig_isn`) as o, assumeNotNull(`key.resp_isn`) as r, any(id) as a_id, any(began) as a_began
      from conns where place = 'CLIENT' and isNotNull(`key.orig_isn`) and isNotNull(`key.resp_isn`) group by o, r having count() = 1)
any inner join
     (select assumeNotNull(`key.orig_isn`) as o, assumeNotNull(`key.resp_isn`) as r, any(id) as b_id, any(began) as b_began
      from conns where place = 'SERVER' and isNotNull(`key.orig_isn`) and isNotNull(`key.resp_isn`) group by o, r having count() = 1)
using o, r;

-- By the client's, of those left, where the times fit.
drop table if exists maybe;

create table maybe (a_id UInt64, b_id UInt64, ahead Int64, timed UInt8) engine = Log;

insert into maybe select a_id, b_id, b_began - a_began, a_began > 0 and b_began > 0
from (select assumeNotNull(`key.orig_isn`) as isn, id as a_id, began as a_began, ended as a_ended from conns
      where place = 'CLIENT' and isNotNull(`key.orig_isn`) and id not in (select a_id from paired))
all inner join
     (select assumeNotNull(`key.orig_isn`) as isn, id as b_id, began as b_began, ended as b_ended from conns
      where place = 'SERVER' and isNotNull(`key.orig_isn`) and id not in (select b_id from paired))
using isn
where (select sum(timed) from paired) = 0 or a_began = 0 or b_began = 0
  or (b_began - (select quantileExactIf(0.5)(ahead, timed) from paired) <= a_ended + 2000000000
      and b_ended - (select quantileExactIf(0.5)(ahead, timed) from paired) >= a_began - 2000000000);

insert into paired select 'isn', a_id, b_id, ahead, timed from maybe
where a_id in (select a_id from maybe group by a_id having count() = 1) and b_id in (select b_id from maybe group by b_id having count() = 1);

-- By the server's, of those left.
drop table maybe;

create table maybe (a_id UInt64, b_id UInt64, ahead Int64, timed UInt8) engine = Log;

insert into maybe select a_id, b_id, b_began - a_began, a_began > 0 and b_began > 0
from (select assumeNotNull(`key.resp_isn`) as isn, id as a_id, began as a_began, ended as a_ended from conns
      where place = 'CLIENT' and isNotNull(`key.resp_isn`) and id not in (select a_id from paired))
all inner join
     (select assumeNotNull(`key.resp_isn`) as isn, id as b_id, began as b_began, ended as b_ended from conns
      where place = 'SERVER' and isNotNull(`key.resp_isn`) and id not in (select b_id from paired))
using isn
where (select sum(timed) from paired) = 0 or a_began = 0 or b_began = 0
  or (b_began - (select quantileExactIf(0.5)(ahead, timed) from paired) <= a_ended + 2000000000
      and b_ended - (select quantileExactIf(0.5)(ahead, timed) from paired) >= a_began - 2000000000);

insert into paired select 'isn', a_id, b_id, ahead, timed from maybe
where a_id in (select a_id from maybe group by a_id having count() = 1) and b_id in (select b_id from maybe group by b_id having count() = 1);

drop table maybe;

select rung, a_id, b_id, a_orig, a_resp, b_orig, b_resp
from (select rung, a_id, b_id, a_orig, a_resp from paired any inner join
        (select id as a_id, concat(orig_ip, ':', toString(orig_port)) as a_orig, concat(resp_ip, ':', toString(resp_port)) as a_resp
         from conns where place = 'CLIENT') using a_id)
any inner join
     (select id as b_id, concat(orig_ip, ':', toString(orig_port)) as b_orig, concat(resp_ip, ':', toString(resp_port)) as b_resp
      from conns where place = 'SERVER') using b_id
order by a_id
format JSONEachRow;
