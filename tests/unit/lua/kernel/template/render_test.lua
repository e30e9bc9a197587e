local render = require("support.render")
local template = require("kernel.template")
local test = require("support.test")

local function output(source, globals, options)
  return (render(source, globals, options))
end

test.group("lookups", function()
  test.case("unknown things are nil, however deep", function()
    test.equal(output("[{{ a.b.c.d }}{{ x.y.z }}{{ a[0][1] }}]", { a = {} }), "[]")
  end)

  test.case("numbers and texts have no properties, and no Lua methods", function()
    local globals = { n = 5, s = "text", b = true }
    test.equal(output("[{{ n.x }}{{ s.x }}{{ s.upper }}{{ s.len }}{{ b.x }}]", globals), "[]")
  end)

  test.case("lookups on numbers stay nil however often a template is rendered", function()
    local page, buf = assert(template.compile("[{{ n.x }}]")), require("native.buf").new()
    for _ = 1, 6 do
      test.equal(page:render(buf, { globals = { n = 5 } }), {})
    end
    test.equal(buf:string(), ("[]"):rep(6))
  end)

  test.case("a drop is asked only for what is printed", function()
    local asked = {}
    local drop = setmetatable({}, {
      __index = function(_, name)
        asked[#asked + 1] = name
        return name .. "!"
      end,
    })
    test.equal(output("{% if false %}{{ d.never }}{% endif %}{{ d.title }}", { d = drop }), "title!")
    test.equal(asked, { "title" })
  end)

  test.case("globals may be lazy", function()
    local globals = setmetatable({}, {
      __index = function(_, name) return name == "shop" and { name = "S" } or nil end,
    })
    test.equal(output("{{ shop.name }}{{ other.name }}", globals), "S")
  end)

  test.case("a list drop stands for its array", function()
    local list = setmetatable({}, { __items = function() return { "a", "b" } end })
    local source = "{% for x in l %}{{ x }}{% endfor %}{{ l.size }}{{ l.first }}{{ l[1] }}{{ l | join: '-' }}"
    test.equal(output(source, { l = list }), "ab2aba-b")
  end)

  test.case("a map keeps its order", function()
    local map = template.map({ { "z", 1 }, { "a", 2 } })
    test.equal(output("{% for p in m %}{{ p[0] }}={{ p[1] }};{% endfor %}{{ m.size }}", { m = map }), "z=1;a=2;2")
  end)

  test.case("arrays may hold nil", function()
    test.equal(output("{% for x in a %}[{{ x }}]{% endfor %}{{ a.size }}", { a = { nil, 2, nil, n = 3 } }), "[][2][]3")
  end)
end)

test.group("numbers", function()
  test.case("floats print with the fewest digits that read back equal", function()
    local globals = { a = 0.1, b = 1e20, c = 1e-5, d = 100.0, e = 1 / 3, f = -0.5, g = 123456789012345680.0 }
    test.equal(
      output("{{a}} {{b}} {{c}} {{d}} {{e}} {{f}} {{g}}", globals),
      "0.1 1.0e+20 1.0e-05 100.0 0.3333333333333333 -0.5 1.2345678901234568e+17"
    )
  end)

  test.case("decimals add up as decimals", function()
    test.equal(output("{{ 0.1 | plus: 0.2 }} {{ '1.1' | times: 1.1 }} {{ 7 | divided_by: 2 }}"), "0.3 1.21 3")
  end)
end)

test.group("scopes", function()
  test.case("a rendered snippet sees its parameters and the globals, nothing else", function()
    local options = { files = { s = "{{ x }}{{ y }}{{ g }}{% assign z = 1 %}" } }
    test.equal(output("{% assign x = 1 %}{% assign y = 2 %}{% render 's', y: 3 %}{{ z }}", { g = "G" }, options), "3G")
  end)

  test.case("a parameter that is nil hides the global of its name", function()
    local options = { files = { s = "[{{ product }}]" } }
    test.equal(output("{% render 's', product: nothing %}{% render 's' %}", { product = "P" }, options), "[][P]")
  end)

  test.case("assigning nil hides the global too", function()
    test.equal(output("{% assign g = nothing %}[{{ g }}]", { g = "G" }), "[]")
  end)

  test.case("the name of a snippet may be a variable", function()
    test.equal(output("{% assign n = 'a' %}{% render n, v: 1 %}", {}, { files = { a = "A{{ v }}" } }), "A1")
  end)
end)

test.group("failures", function()
  local source = "a {{ 1 | divided_by: 0 }} b\n{{ 'x' | upcase }}{% if 1 < 'x' %}{% else %}no{% endif %}"

  test.case("print nothing in production, and what follows is rendered", function()
    local printed, errors = render(source)
    test.equal(printed, "a  b\nX")
    test.equal(#errors, 2)
    test.equal(tostring(errors[1]), "page.liquid:1: divided by 0")
    test.equal(errors[2].line, 2)
  end)

  test.case("print themselves in dev", function()
    local printed = output(source, {}, { is_dev = true })
    test.contains(printed, "a Liquid error (page line 1): divided by 0 b\nX")
  end)

  test.case("an error of the program in a filter takes away its node alone", function()
    template.filter("broken_for_test", function(value) return value.nothing.there end)
    local printed, errors = render("a{{ 1 | broken_for_test }}b")
    test.equal(printed, "ab")
    test.contains(errors[1].message, "internal: ")
  end)

  test.case("nothing is printed twice when a late node fails", function()
    local late = "{% for i in (1..3) %}{{ i }}{% endfor %}"
      .. "{% increment n %}{{ 1 | modulo: 0 }}{% increment n %}"
    test.equal(output(late), "12301")
  end)

  test.case("a mistake in a snippet names the snippet", function()
    local _, errors = render("{% render 's' %}", {}, { files = { s = "x\n{% if %}" } })
    test.contains(tostring(errors[1]), "snippets/s.liquid:2:")
  end)

  test.case("a syntax error names template, line and column", function()
    local _, err = render("line\n  {{ a | }}", {}, { name = "sections/header" })
    test.equal(tostring(err), 'sections/header.liquid:2:3: Expected id but found end_of_string in "a |"')
  end)

  test.case("a missing snippet says which", function()
    local _, errors = render("{% render 'gone' %}")
    test.contains(errors[1].message, "Could not find asset snippets/gone.liquid")
  end)
end)

test.group("limits", function()
  local function refused(source, limits, globals)
    local printed, err = render(source, globals, { limits = limits })
    test.equal(printed, nil)
    return err.message
  end

  test.case("too many steps end the render", function()
    local source = "{% for a in (1..1000) %}{% for b in (1..1000) %}x{% endfor %}{% endfor %}"
    test.contains(refused(source, { score = 10000 }), "too many steps")
  end)

  test.case("so does too much output", function()
    local source = "{% for a in (1..100) %}{{ t }}{% endfor %}"
    test.contains(refused(source, { output = 5000 }, { t = ("x"):rep(100) }), "too much output")
  end)

  test.case("so does too much text in variables", function()
    local source = "{% assign x = 'abcdefgh' %}{% for i in (1..40) %}{% assign x = x | append: x %}{% endfor %}"
    test.contains(refused(source, { assigned = 100000 }), "variables")
  end)

  test.case("a range of a billion is refused", function()
    test.contains(refused("{% assign r = (1..1000000000) %}{{ r | join: '' }}"), "too long")
  end)

  test.case("snippets that render each other end", function()
    local files = { a = "{% render 'b' %}", b = "{% render 'a' %}" }
    local printed, errors = render("{% render 'a' %}x", {}, { files = files })
    test.equal(printed, "x")
    test.contains(errors[1].message, "Nesting too deep")
  end)

  test.case("a hundred nested conditions render, one more is refused", function()
    local function nested(depth)
      return ("{% if true %}"):rep(depth) .. "x" .. ("{% endif %}"):rep(depth)
    end
    test.equal(output(nested(98)), "x")
    local _, err = render(nested(101))
    test.contains(err.message, "Nesting too deep")
  end)

  test.case("the buffer is as it was when a render is given up", function()
    local buf = require("native.buf").new()
    template.put(buf, "before", false)
    local page = assert(template.compile("abc{% for i in (1..9) %}{% for j in (1..9) %}{% endfor %}{% endfor %}"))
    test.equal(page:render(buf, { limits = { score = 20 } }), nil)
    test.equal(buf:string(), "before")
  end)
end)

test.group("deep nesting", function()
  test.case("loop variables reach bodies that became functions of their own", function()
    local source = "{% for a in (1..2) %}" .. ("{% if true %}"):rep(20)
      .. "{{ a }}{{ forloop.index }}{% if a == 1 %}{% continue %}{% endif %}!"
      .. ("{% endif %}"):rep(20) .. "{% endfor %}"
    test.equal(output(source), "1122!")
  end)

  test.case("a break leaves the loop from deep inside", function()
    local source = "{% for a in (1..5) %}{{ a }}" .. ("{% if true %}"):rep(40)
      .. "{% if a == 2 %}{% break %}{% endif %}" .. ("{% endif %}"):rep(40) .. "{% endfor %}."
    test.equal(output(source), "12.")
  end)

  test.case("templates of many filters, values and segments compile", function()
    local parts = {}
    for i = 1, 400 do
      parts[i] = ("{{ v%d }}{%% if v%d %%}{{ v%d | plus: %d }}{%% endif %%}"):format(i, i, i, i)
    end
    local globals, expected = {}, {}
    for i = 1, 400 do
      globals["v" .. i] = i
      expected[i] = i .. "" .. 2 * i
    end
    test.equal(output(table.concat(parts), globals), table.concat(expected))
    test.equal(#output(("{{ a }}"):rep(1000), { a = "x" }), 1000)
  end)
end)

test.group("environments", function()
  test.case("keep compiled snippets, and forget them when told", function()
    local files, loads = { s = "1" }, 0
    local env = template.environment({
      loader = function(_, name)
        loads = loads + 1
        return files[name]
      end,
    })
    local page = assert(env:compile("{% render 's' %}"))
    local buf = require("native.buf").new()
    page:render(buf)
    files.s = "2"
    page:render(buf)
    test.equal(buf:string(), "11")
    test.equal(loads, 1)
    env:forget("snippet", "s")
    page:render(buf)
    test.equal(buf:string(), "112")
  end)

  test.case("look at sources again in dev", function()
    local files = { s = "1" }
    local env = template.environment({ is_dev = true, loader = function(_, name) return files[name] end })
    local page = assert(env:compile("{% render 's' %}"))
    local buf = require("native.buf").new()
    page:render(buf)
    files.s = "2"
    page:render(buf)
    test.equal(buf:string(), "12")
  end)

  test.case("give the schema of a section", function()
    local env = template.environment()
    local section = assert(env:compile('x{% schema %}{"name": "Header"}{% endschema %}', "sections/header"))
    test.equal(section:schema(), '{"name": "Header"}')
  end)

  test.case("warn about unknown filters", function()
    local page = assert(template.compile("{{ 1 | no_such_filter }}"))
    test.equal(page:warnings(), { "unknown filter 'no_such_filter'" })
  end)

  test.case("say what a section is", function()
    local printed = output("[{% section 'top' %}]", {}, {
      section = function(_, state, buf, name)
        template.put(buf, name .. state.registers.suffix, true)
      end,
      registers = { suffix = "&" },
    })
    test.equal(printed, "[top&amp;]")
  end)
end)
