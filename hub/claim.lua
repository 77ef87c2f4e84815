-- Claims a batch's identities, in one call, if Redis still knows all that Kafka knows.
-- KEYS: epoch, watermarks, then one key for each claim.
-- ARGV: expected epoch, lifetime in ms, number of watermarks, then (field, committed, next) for each, then one mark for each claim.
-- Answers {"ok", found...} where found is false for a new mark, else the mark that stood there;
-- or {"epoch"} where the epoch is another, or {"behind"} where a watermark is behind the committed offset.
local epoch = redis.call('GET', KEYS[1])
if not epoch or epoch ~= ARGV[1] then
  return {'epoch'}
end
local lifetime = ARGV[2]
local watermarks = tonumber(ARGV[3])
local known = {}
for i = 0, watermarks - 1 do
  known[i] = tonumber(redis.call('HGET', KEYS[2], ARGV[4 + 3 * i]) or '0')
  if known[i] < tonumber(ARGV[5 + 3 * i]) then
    return {'behind'}
  end
end
for i = 0, watermarks - 1 do
  if tonumber(ARGV[6 + 3 * i]) > known[i] then
    redis.call('HSET', KEYS[2], ARGV[4 + 3 * i], ARGV[6 + 3 * i])
  end
end
local first_mark = 4 + 3 * watermarks - 3
local answer = {'ok'}
for i = 3, #KEYS do
  -- SET ... NX GET needs Redis 7: the two steps are one, since a script is.
  if redis.call('SET', KEYS[i], ARGV[first_mark + i], 'NX', 'PX', lifetime) then
    answer[#answer + 1] = false
  else
    answer[#answer + 1] = redis.call('GET', KEYS[i])
  end
end
return answer
