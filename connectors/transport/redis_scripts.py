"""The governor's arithmetic, as scripts that Redis runs in one piece and by its own clock.

Times are whole microseconds. Numbers are written with ``%.0f``: Lua would print them in exponents.
"""

# KEYS: pace, slots, day, pause, window, hourly pace. Answers {verdict, microseconds, calls to
# persist}.
#
# A pace is kept as the moment at which the bucket will be full again. A missing key, after a
# FLUSHALL or a long quiet time, is read as a bucket that has just been emptied: whatever was let
# through before, the sum stays below the limit.
ADMIT = """
local interval, burst, max_wait = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local slot, slot_limit, lease = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local cost, per_day, floor = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local save_every, save_after = tonumber(ARGV[10]), tonumber(ARGV[11])
local hourly_interval, hourly_burst = tonumber(ARGV[12]), tonumber(ARGV[13])
local function text(number) return string.format('%.0f', number) end

local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local paused = tonumber(redis.call('GET', KEYS[4]) or '0')
local window_left = tonumber(redis.call('HGET', KEYS[5], 'left') or '0')
local window_until = tonumber(redis.call('HGET', KEYS[5], 'until') or '0')
if window_until > now and window_left < cost then paused = math.max(paused, window_until) end
if paused > now + max_wait then return {'paused', paused - now, 0} end

local counted = redis.call('HGET', KEYS[3], 'count')
if not counted then
  if floor < 0 then return {'load', 0, 0} end
  redis.call('HSET', KEYS[3], 'count', floor, 'unsaved', 0, 'saved_at', text(now))
  redis.call('EXPIRE', KEYS[3], 172800)
  counted = floor
end
if per_day > 0 and tonumber(counted) + cost > per_day then return {'day', 0, 0} end
local left = tonumber(redis.call('HGET', KEYS[3], 'left') or '-1')
local left_until = tonumber(redis.call('HGET', KEYS[3], 'left_until') or '0')
if left_until > now and left < cost then return {'quota', left_until - now, 0} end

redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', text(now))
if redis.call('ZCARD', KEYS[2]) >= slot_limit then return {'busy', 0, 0} end

local tat = tonumber(redis.call('GET', KEYS[1]) or '-1')
if tat < 0 then
  tat = now + burst * interval
  redis.call('SET', KEYS[1], text(tat), 'PX', 3600000)
end
local at = math.max(now, paused, tat + (cost - burst) * interval)
if at - now > max_wait then return {'paced', at - now, 0} end
if hourly_interval > 0 then
  local hourly = tonumber(redis.call('GET', KEYS[6]) or '-1')
  if hourly < 0 then
    hourly = now + hourly_burst * hourly_interval
    redis.call('SET', KEYS[6], text(hourly), 'PX', 7200000)
  end
  at = math.max(at, hourly + (cost - hourly_burst) * hourly_interval)
  if at - now > max_wait then return {'hour', at - now, 0} end
  redis.call('SET', KEYS[6], text(math.max(hourly, at) + cost * hourly_interval), 'PX', 7200000)
end
if window_until > at then redis.call('HINCRBY', KEYS[5], 'left', -cost) end
redis.call('SET', KEYS[1], text(math.max(tat, at) + cost * interval), 'PX', 3600000)

redis.call('ZADD', KEYS[2], text(at + lease), slot)
redis.call('PEXPIRE', KEYS[2], 600000)
redis.call('HINCRBY', KEYS[3], 'count', cost)
if left_until > now then redis.call('HINCRBY', KEYS[3], 'left', -cost) end
local unsaved = redis.call('HINCRBY', KEYS[3], 'unsaved', cost)
local saved_at = tonumber(redis.call('HGET', KEYS[3], 'saved_at') or '0')
if unsaved >= save_every or now - saved_at >= save_after then
  redis.call('HSET', KEYS[3], 'unsaved', 0, 'saved_at', text(now))
  return {'go', at - now, unsaved}
end
return {'go', at - now, 0}
"""

# KEYS: slots, and the day or window that an answer told of. One call ends: its place is free, and
# what the provider counted is believed. ARGV: slot; "", "day" or "window"; left, microseconds.
#
# A day: within one quota period answers may overtake each other, so the smaller number counts; a
# reset that lies clearly later is a new period. A window: while it runs only a smaller number is
# believed, since a provider tells of whichever of its limits is nearer; its end forgets it.
LEAVE = """
redis.call('ZREM', KEYS[1], ARGV[1])
local told, remaining, reset = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
if told == '' then return 0 end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

if told == 'day' then
  if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
  local left = tonumber(redis.call('HGET', KEYS[2], 'left') or '-1')
  local left_until = tonumber(redis.call('HGET', KEYS[2], 'left_until') or '0')
  if left_until > now and left >= 0 and now + reset < left_until + 60000000 then
    remaining = math.min(remaining, left)
  end
  redis.call('HSET', KEYS[2], 'left', remaining, 'left_until', string.format('%.0f', now + reset))
  return remaining
end

local left = tonumber(redis.call('HGET', KEYS[2], 'left') or '0')
local running = tonumber(redis.call('HGET', KEYS[2], 'until') or '0') > now
if reset <= 0 or (running and left <= remaining) then return left end
redis.call('HSET', KEYS[2], 'left', remaining, 'until', string.format('%.0f', now + reset))
redis.call('PEXPIRE', KEYS[2], math.ceil(reset / 1000))
return remaining
"""

# KEYS: pause. A pause is only ever prolonged.
PAUSE = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local length = tonumber(ARGV[1])
local paused = now + length
if paused > tonumber(redis.call('GET', KEYS[1]) or '0') then
  redis.call('SET', KEYS[1], string.format('%.0f', paused), 'PX', math.ceil(length / 1000))
end
return 1
"""
