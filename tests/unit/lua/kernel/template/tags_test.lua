local render = require("support.render")
local template = require("kernel.template")
local test = require("support.test")

local function output(source, globals, options)
  return (render(source, globals, options))
end

template.tag("box", {
  body = "nodes",
  render = function(_, buf, args, named, body)
    template.put(buf, ('<div class="%s" n="%d">'):format(named.class or "", args.n), false)
    body({ box = { first = args[1] } })
    template.put(buf, "</div>", false)
  end,
})

template.tag("verbatim_style", {
  body = "text",
  render = function(_, buf, _, _, body) template.put(buf, body, false) end,
})

template.tag("pages", {
  body = "nodes",
  parse = function(reader, node)
    node.args = { reader:expression() }
    if not reader:accept_word("by") then reader:refuse("pages needs 'by'") end
    node.args[2] = reader:expression()
  end,
  render = function(state, _, args, _, body)
    body({ pages = { size = args[2], of = #args[1], shop = state.registers.shop } })
  end,
})

template.filter("shout", function(value, mark)
  return template.text(value):upper() .. (mark or "!")
end, { max = 1 })

template.filter("badge", function(value)
  return "<b>" .. template.escape(template.text(value)) .. "</b>"
end, { html = true })

template.filter("greet", function(state, value, named)
  return ("%s %s%s"):format(state.registers.hello, value, named and named.mark or "")
end, { state = true, named = true })

test.group("tags of the program", function()
  test.case("get their arguments and render their body", function()
    test.equal(
      output("{% box 'a', 2, class: c %}{{ box.first }}{{ t }}{% endbox %}{{ box.first }}", { c = "k", t = "<" }),
      '<div class="k" n="2">a&lt;</div>'
    )
  end)

  test.case("may read their own markup", function()
    local options = { registers = { shop = "S" } }
    local source = "{% pages list by 2 %}{{ pages.size }}/{{ pages.of }}{{ pages.shop }}{% endpages %}"
    test.equal(output(source, { list = { 1, 2, 3 } }, options), "2/3S")
    local _, err = render("{% pages list %}{% endpages %}")
    test.contains(err.message, "pages needs 'by'")
  end)

  test.case("may take their body as it is", function()
    test.equal(output("{% verbatim_style %}a { b: {{ c }} }{% endverbatim_style %}"), "a { b: {{ c }} }")
  end)

  test.case("are left by a break inside them", function()
    local source = "{% for i in (1..3) %}{% box %}{{ i }}{% break %}{% endbox %}-{% endfor %}."
    test.equal(output(source), '<div class="" n="0">1</div>.')
  end)

  test.case("see loop variables in their body", function()
    test.equal(output("{% for i in (1..2) %}{% box %}{{ i }}{{ forloop.last }}{% endbox %}{% endfor %}"),
      '<div class="" n="0">1false</div><div class="" n="0">2true</div>')
  end)
end)

test.group("filters of the program", function()
  test.case("return text, or HTML when they say so", function()
    test.equal(output("{{ 'a<' | shout }}{{ 'a<' | badge }}"), "A&lt;!<b>a&lt;</b>")
    test.equal(output("{% assign b = 'x' | badge %}{{ b }}{{ 'y' | shout: '?' }}"), "<b>x</b>Y?")
  end)

  test.case("may have the state and keyword arguments", function()
    test.equal(output("{{ 'you' | greet: mark: '.' }}", {}, { registers = { hello = "Hi" } }), "Hi you.")
  end)

  test.case("refuse too many arguments", function()
    local _, errors = render("{{ 'a' | shout: 1, 2 }}")
    test.equal(errors[1].message, "wrong number of arguments (given 3, expected 1..2)")
  end)
end)

test.group("standard tags", function()
  test.case("capture ends before a break goes on", function()
    test.equal(output("{% for i in (1..3) %}{% capture c %}x{% break %}{% endcapture %}{% endfor %}[{{ c }}]"), "[x]")
  end)

  test.case("bodies of blanks alone print nothing", function()
    test.equal(output("a{% if true %}  {% assign x = 1 %}\n{% endif %}b"), "ab")
  end)

  test.case("tablerow closes its cell and row on break", function()
    local source = "{% tablerow i in (1..9) cols:2 %}{{ i }}"
      .. "{% if i == 3 %}{% break %}{% endif %}{% endtablerow %}"
    test.equal(output(source), table.concat({
      '<tr class="row1">\n<td class="col1">1</td><td class="col2">2</td></tr>\n',
      '<tr class="row2"><td class="col1">3</td></tr>\n',
    }))
  end)

  test.case("forloop can be handed to a snippet", function()
    local options = { files = { s = "{{ loop.index }}/{{ loop.length }} " } }
    test.equal(output("{% for i in (1..2) %}{% render 's', loop: forloop %}{% endfor %}", {}, options), "1/2 2/2 ")
  end)

  test.case("include shares the scope, loop variables too", function()
    local options = { files = { s = "{{ i }}{% assign seen = i %}" } }
    test.equal(output("{% for i in (1..2) %}{% include 's' %}{% endfor %}{{ seen }}", {}, options), "122")
  end)

  test.case("comments hide what makes no sense", function()
    test.equal(output("a{% comment %}{{ x | }}{% nonsense %}{% comment %}{% endcomment %}{% endcomment %}b"), "ab")
  end)
end)

test.group("the date filter", function()
  local cases = {
    { "{{ 0 | date: '%Y-%m-%d %H:%M:%S' }}", "1970-01-01 00:00:00" },
    { "{{ '2024-02-29T13:05:09+02:00' | date: '%-d.%-m.%y %I:%M %p %z' }}", "29.2.24 01:05 PM +0200" },
    { "{{ 'March 5, 2024' | date: '%a %e %b, day %j, week %V' }}", "Tue  5 Mar, day 065, week 10" },
    { "{{ 'now' | date: '%F' }}", "2024-01-01" },
    { "{{ 'no date' | date: '%F' }}", "no date" },
    { "{{ '2024-02-30' | date: '%F' }}", "2024-02-30" },
    { "{{ 1.5 | date: '%s.%3N' }}", "1.500" },
  }
  for _, each in ipairs(cases) do
    test.case(each[1], function()
      test.equal(output(each[1], {}, { now = 1704067318000 }), each[2])
    end)
  end
end)
