local render = require("support.render")
local template = require("kernel.template")
local test = require("support.test")

local html = template.html

local function output(source, globals)
  return (render(source, globals))
end

test.group("escaping by type", function()
  test.case("text is escaped", function()
    test.equal(output("{{ t }}", { t = "<b>\"it's\" & more" }), "&lt;b&gt;&quot;it&#39;s&quot; &amp; more")
  end)

  test.case("HTML is not", function()
    test.equal(output("{{ h }}", { h = html("<b>bold</b>") }), "<b>bold</b>")
  end)

  test.case("long text is escaped at every position", function()
    for at = 1, 40 do
      local text = ("x"):rep(at - 1) .. "<" .. ("y"):rep(40 - at)
      test.equal(output("{{ t }}", { t = text }), (text:gsub("<", "&lt;")))
    end
  end)

  test.case("a literal is text too", function()
    test.equal(output("{{ '<b>' }}"), "&lt;b&gt;")
  end)

  test.case("what is captured is HTML, with its values escaped once", function()
    test.equal(output("{% capture c %}<i>{{ t }}</i>{% endcapture %}{{ c }}", { t = "<" }), "<i>&lt;</i>")
  end)

  test.case("escape prints the same bytes with and without", function()
    local globals = { t = "a < b", h = html("<hr>") }
    test.equal(output("{{ t | escape }} {{ t }} {{ h | escape }}", globals), "a &lt; b a &lt; b <hr>")
    test.equal(output("{% assign e = t | escape %}{{ e | escape }}", globals), "a &lt; b")
  end)

  test.case("append, prepend and replace escape the text part", function()
    local globals = { h = html("<p>x</p>"), t = "<&>" }
    test.equal(output("{{ h | append: t }}", globals), "<p>x</p>&lt;&amp;&gt;")
    test.equal(output("{{ t | append: h }}", globals), "&lt;&amp;&gt;<p>x</p>")
    test.equal(output("{{ h | prepend: t }}", globals), "&lt;&amp;&gt;<p>x</p>")
    test.equal(output("{{ h | replace: 'x', t }}", globals), "<p>&lt;&amp;&gt;</p>")
    test.equal(output("{{ t | replace: '&', h }}", globals), "&lt;<p>x</p>&gt;")
  end)

  test.case("join of mixed parts escapes the text ones", function()
    test.equal(output("{{ a | join: ' & ' }}", { a = { html("<b>"), "<" } }), "<b> &amp; &lt;")
    test.equal(output("{{ a | join: ' & ' }}", { a = { "x", "<" } }), "x &amp; &lt;")
  end)

  test.case("filters on text keep HTML what it is", function()
    local globals = { h = html(" <b>a,b</b> ") }
    test.equal(output("{{ h | strip }}", globals), "<b>a,b</b>")
    test.equal(output("{% assign p = h | strip | split: ',' %}{{ p[0] }}|{{ p[1] }}", globals), "<b>a|b</b>")
    test.equal(output("{{ h | strip_html | strip }}", globals), "a,b")
  end)

  test.case("raw opts out", function()
    test.equal(output("{{ t | raw }}{% assign r = t | raw %}{{ r }}", { t = "<b>" }), "<b><b>")
  end)

  test.case("newline_to_br escapes before it adds markup", function()
    test.equal(output("{{ t | newline_to_br }}", { t = "<\nb" }), "&lt;<br />\nb")
  end)

  test.case("a drop that stands for a record is printed and visited as that", function()
    local drop = setmetatable({}, { __index = function() return nil end, __record = function() return { b = 2, a = "x" } end })
    test.equal(output("{{ v | json }}", { v = drop }), '{"a":"x","b":2}')
    test.equal(output("{% for pair in v %}{{ pair[0] }}={{ pair[1] }};{% endfor %}", { v = drop }), "a=x;b=2;")
  end)

  test.case("json cannot leave its script or its attribute", function()
    local printed = output("{{ v | json }}", { v = { t = "</script><!-- it's" } })
    test.equal(printed:find("</", 1, true), nil)
    test.equal(printed:find("<!--", 1, true), nil)
    test.equal(printed:find("'", 1, true), nil)
    test.equal(output("{{ v | json | escape }}", { v = { "a" } }), "[&quot;a&quot;]")
  end)

  test.case("HTML compares and looks up like the text it is", function()
    local globals = { h = html("sale"), m = { sale = "yes" }, a = { "x", "sale" } }
    test.equal(output("{% if h == 'sale' %}1{% endif %}", globals), "1")
    test.equal(output("{% if a contains h %}2{% endif %}{{ m[h] }}", globals), "2yes")
    test.equal(output("{% case h %}{% when 'sale' %}3{% endcase %}{{ h.size }}", globals), "34")
  end)

  test.case("without autoescape nothing is escaped by type", function()
    local printed = render("{{ t }}{{ t | escape | escape }}", { t = "<" }, { autoescape = false })
    test.equal(printed, "<&amp;lt;")
  end)
end)

test.property("no text gets a bracket or a quote past a template", function(any)
  local text = any.text(0, 60)
  local printed = output("{{ t }}{{ t | append: t }}{{ t | upcase }}{{ t | truncate: 5 }}", { t = text })
  test.equal(printed:find("[<>\"']"), nil)
end)
