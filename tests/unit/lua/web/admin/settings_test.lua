-- Settings of several values in the back office: lines of text that come back as they were.
local shop = require("support.shop")
shop.open()
shop.plugins()
local command = require("kernel.command")
local settings = require("kernel.settings")
local test = require("support.test")
local view = require("web.admin.view.settings")

local ROWS <const>, TAG <const> = "plugin.merx.table-rate/table.rows", "plugin.merx.tiers/qty.tag"
local CTX <const> = { currency = "EUR" }

-- What the form sends for `typed`, saved as the page saves it.
local function save(key, typed)
  local value = view.read(CTX, settings.list()[key], typed)
  return command.run("settings.set_all", { values = { [key] = value }, seen = settings.revision() })
end

test.group("a table of settings", function()
  test.case("is a row a line, cells between bars or tabs, with money as people write it", function()
    assert(save(ROWS, "DE AT | 0 | 4,90 | standard | 1000\n\n * |50.00| 0| |\r\nFR\t0\t12.5\tby bike\t0"))
    test.equal(settings.get(ROWS), {
      { country = "DE AT", from = 0, price = 490, service = "standard", up_to = 1000 },
      { country = "*", from = 5000, price = 0, service = "standard", up_to = 0 },
      { country = "FR", from = 0, price = 1250, service = "by bike", up_to = 0 },
    })
  end)

  test.case("is refused whole for one wrong cell", function()
    assert(save(ROWS, "DE | 0 | 4.90 | standard | 1000"))
    for _, typed in ipairs({ "DE | 0 | | standard | 0", "DE | 0 | much | standard | 0", "DE | 0 | 1 | standard | 0 | more" }) do
      local _, err = save(ROWS, typed)
      test.truthy(err and err.fields[ROWS], typed)
    end
    test.equal(#settings.get(ROWS), 1)
  end)

  test.case("that is emptied is as if nobody had ever set it", function()
    assert(save(ROWS, "DE | 0 | 4.90 | standard | 1000"))
    assert(save(ROWS, " \n"))
    test.equal(settings.get(ROWS), nil)
    assert(save(TAG, "tea"))
    assert(save(TAG, ""))
    test.equal(settings.get(TAG), nil)
  end)
end)
