local password = require("domain.staff.password")
local test = require("support.test")

local WORDS <const> = { "Ana Sousa", "ana.sousa@example.com", "Harbour & Home" }

local function problem(typed)
  return password.problem(password.normal(typed), WORDS)
end

test.group("a password", function()
  test.case("has twelve characters at least, of any script", function()
    test.equal(problem("short words"), "password.too_short")
    test.equal(problem(""), "password.too_short")
    test.equal(problem("静かな港に白い鷺が"), "password.too_short")
    test.equal(problem("静かな港に白い鷺が三羽います"), nil)
    test.equal(problem(("ab cd ef gh "):rep(20)), "password.too_long")
  end)

  test.case("is refused when it is among the first that anybody tries", function()
    for _, typed in ipairs({
      "password1234", "Password123!!", "P@ssw0rd2026!", "passwordpassword", "123456789012", "1234567890123456", "qwertyuiop12", "qwerty123456",
      "aaaaaaaaaaaa", "abababababab", "abcdefghijkl", "Welcome20262026", "letmein123456", "iloveyou2026!", "adminadminadmin", "administrator1",
      "987654321987", "111111222222", "Merx2026!Merx", "changeme12345", "zxcvbnmasdfg", "sunshine12345", "qazwsxedcrfv1", "Sommer2026!!!!",
    }) do
      test.equal(problem(typed), "password.common", typed)
    end
  end)

  test.case("is refused when it is made of what everybody knows of its owner", function()
    test.equal(problem("AnaSousa2026!"), "password.common")
    test.equal(problem("harbourhome12"), "password.common")
  end)

  test.case("is fine when it is long and its own", function()
    for _, typed in ipairs({ "seven quiet herons wade", "correct horse battery staple", "xK9#mQ2$vL7w", "839105726401", "Lindenblüten im Juni" }) do
      test.equal(problem(typed), nil, typed)
    end
  end)

  test.case("is the same however a keyboard sends it", function()
    test.equal(password.normal("Cafe\u{301} ﬁne"), password.normal("Café fine"))
  end)
end)
