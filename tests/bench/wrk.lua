-- luacheck: globals wrk init request done
-- For wrk: one URL, or with "fresh" behind it a parameter that no page knows, so that no reply comes
-- from the page cache. Prints one JSON object.
--
--   wrk … -s tests/bench/wrk.lua http://127.0.0.1:PORT/PATH -- [fresh]

local fresh, number, sign, same = false, 0, "?", nil

function init(args)
  for _, arg in ipairs(args) do fresh = fresh or arg == "fresh" end
  if wrk.path:find("?", 1, true) then sign = "&" end
  wrk.headers.Host = "bench.test"
  same = wrk.format()
end

function request()
  if not fresh then return same end
  number = number + 1
  return wrk.format(nil, wrk.path .. sign .. "bench=" .. number)
end

function done(summary, latency)
  local errors = summary.errors
  local seconds = summary.duration / 1000000
  io.write(("{\"requests\": %d, \"per_second\": %.1f, \"failed\": %d, "):format(summary.requests, summary.requests / seconds,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
  io.write(("\"all\": {\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f}}\n"):format(latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, latency:percentile(99.9) / 1000))
end
