-- The suite that every adapter of a payment method has to pass: the bundled one does, and adapters with a mistake do not.
local test = require("support.test")
local fs = require("native.fs")
local thread = require("native.thread")
local shop = require("merx.testing.shop")
local subject = require("merx.testing.subject")

local BUNDLED <const> = thread.share .. "/plugins/merx.test-pay"

local function copy_folder(from, to)
  assert(fs.mkdir(to))
  for _, name in ipairs(assert(fs.list(from))) do
    if fs.stat(from .. "/" .. name).kind == "dir" then
      copy_folder(from .. "/" .. name, to .. "/" .. name)
    else
      assert(fs.write(to .. "/" .. name, assert(fs.read(from .. "/" .. name))))
    end
  end
end

-- The bundled plugin with something else in its adapter.
local function plugin_with(was, now)
  local root = test.folder() .. "/merx.test-pay"
  copy_folder(BUNDLED, root)
  local path = root .. "/src/adapter.lua"
  local source = assert(fs.read(path))
  local from, to = source:find(was, 1, true)
  assert(from, "the adapter no longer says: " .. was)
  assert(fs.write(path, source:sub(1, from - 1) .. now .. source:sub(to + 1)))
  return root
end

-- The first promise that a plugin does not keep, and why; "" when it keeps all.
local function broken_promise(root)
  shop.open(root)
  require("domain.payment.conformance")
  require("domain.checkout.conformance")
  local contract = require("kernel.contracts").of("payment_method")
  local entry = require("kernel.plugins").find("merx.test-pay").manifest.contributes.payment_methods[1]
  for _, case in ipairs(require("kernel.conformance").of("payment_method")) do
    local ok, problem = pcall(case.run, subject.open(root, contract, entry))
    if not ok then return case.name .. ": " .. tostring(problem) end
  end
  return ""
end

local MISTAKES <const> = {
  { what = "a key that the provider never hears", was = '["Idempotency-Key"] = key', now = '["Idempotency-Key"] = "none"', found = "req.key is not sent" },
  { what = "another request at every try", was = "local function send(method, path, key, body)\n",
    now = "local tries = 0\nlocal function send(method, path, key, body)\n  tries = tries + 1\n  path = path .. \"?try=\" .. tries\n",
    found = "the second try sends something else" },
  { what = "a refusal where there was no answer", was = 'if not charge then return { result = "retry", error = err.message } end',
    now = 'if not charge then return { result = "failed" } end', found = "nobody knows whether that is so" },
  { what = "a payment that the provider cannot name", was = "reference = req.payment_id, order", now = "order", found = "req.payment_id is not sent" },
  { what = "a refund without the provider's id", was = "ref = refund.id, ", now = "", found = "name the provider's id of what moved" },
  { what = "more than moved", was = "charge.captures[1].id, charge.captures[1].amount end", now = "charge.captures[1].id, charge.captures[1].amount + 1 end",
    found = "were asked for" },
  { what = "messages that nobody signed", was = "if not shop.crypto.hmac_sha256_ok", now = "if false and not shop.crypto.hmac_sha256_ok",
    found = "it was believed" },
  { what = "messages about nobody's payment", was = "payment_id = told.reference", now = "payment_id = told.charge", found = "not about our reference" },
  { what = "messages that have a fraction of a cent", was = "amount = told.amount", now = "amount = told.amount + 0.0", found = "whole number" },
}

test.group("the conformance of payment methods", function()
  test.case("is kept by the bundled plugin", function()
    test.equal(broken_promise(BUNDLED), "")
  end)

  for _, mistake in ipairs(MISTAKES) do
    test.case("is not kept with " .. mistake.what, function()
      test.contains(broken_promise(plugin_with(mistake.was, mistake.now)), mistake.found)
    end)
  end
end)
