local browser = require("web.admin.view.browser")
local chart = require("web.admin.view.chart")
local test = require("support.test")

test.group("a browser", function()
  test.case("is called by the name that people know", function()
    test.equal(browser.name("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"), "Chrome, Linux")
    test.equal(browser.name("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"), "Edge, Windows")
    test.equal(browser.name("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1"), "Safari, iPhone")
    test.equal(browser.name("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.0; rv:140.0) Gecko/20100101 Firefox/140.0"), "Firefox, macOS")
    test.equal(browser.name("curl/8.0"), "curl/8.0")
    test.equal(browser.name(""), "")
  end)
end)

test.group("a chart", function()
  test.case("has bars as high as their share of the highest, and a sliver for very little", function()
    local laid = chart.bars({ 0, 50, 100, 1 })
    local heights = {}
    for i, bar in ipairs(laid.bars) do heights[i] = bar.height end
    test.equal(heights, { 0, laid.height // 2, laid.height, 2 })
    test.equal(laid.bars[3].is_highest, true)
    test.equal(laid.bars[2].is_highest, false)
    for _, bar in ipairs(laid.bars) do test.equal(bar.y + bar.height, laid.height) end
  end)

  test.case("of nothing names no highest bar", function()
    for _, bar in ipairs(chart.bars({ 0, 0 }).bars) do test.equal({ bar.height, bar.is_highest }, { 0, false }) end
  end)
end)
