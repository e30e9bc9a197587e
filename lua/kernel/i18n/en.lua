--- English as in the United States. Facts of the Unicode CLDR.
local NARROW <const> = "\u{202F}"

return {
  name = "English",
  plural = function(n, has_decimals)
    return n == 1 and not has_decimals and "one" or "other"
  end,
  ordinal = function(n)
    local last, teens = n % 10, n % 100
    if last == 1 and teens ~= 11 then return "one" end
    if last == 2 and teens ~= 12 then return "two" end
    if last == 3 and teens ~= 13 then return "few" end
    return "other"
  end,
  number = { decimal = ".", group = ",", percent = "{0}%" },
  currency = {
    pattern = "{symbol}{amount}",
    symbols = {
      USD = "$", CNY = "CN¥", HKD = "HK$", TWD = "NT$", CAD = "CA$", AUD = "A$", MXN = "MX$",
      NZD = "NZ$", BRL = "R$",
    },
  },
  date = {
    first_day = 0,
    months = {
      "January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December",
    },
    short_months = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    },
    days = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" },
    short_days = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" },
    halves = { "AM", "PM" },
    dates = {
      short = "M/d/yy",
      medium = "MMM d, y",
      long = "MMMM d, y",
      full = "EEEE, MMMM d, y",
    },
    times = { short = "h:mm" .. NARROW .. "a", medium = "h:mm:ss" .. NARROW .. "a" },
    joined = { short = "{date}, {time}", medium = "{date}, {time}", long = "{date} at {time}" },
  },
  list = {
    ["and"] = { pair = "{0} and {1}", middle = "{0}, {1}", last = "{0}, and {1}" },
    ["or"] = { pair = "{0} or {1}", middle = "{0}, {1}", last = "{0}, or {1}" },
  },
  relative = {
    year = {
      [-1] = "last year", [0] = "this year", [1] = "next year",
      past = "{n, plural, one {# year ago} other {# years ago}}",
      future = "{n, plural, one {in # year} other {in # years}}",
    },
    month = {
      [-1] = "last month", [0] = "this month", [1] = "next month",
      past = "{n, plural, one {# month ago} other {# months ago}}",
      future = "{n, plural, one {in # month} other {in # months}}",
    },
    week = {
      [-1] = "last week", [0] = "this week", [1] = "next week",
      past = "{n, plural, one {# week ago} other {# weeks ago}}",
      future = "{n, plural, one {in # week} other {in # weeks}}",
    },
    day = {
      [-1] = "yesterday", [0] = "today", [1] = "tomorrow",
      past = "{n, plural, one {# day ago} other {# days ago}}",
      future = "{n, plural, one {in # day} other {in # days}}",
    },
    hour = {
      [0] = "this hour",
      past = "{n, plural, one {# hour ago} other {# hours ago}}",
      future = "{n, plural, one {in # hour} other {in # hours}}",
    },
    minute = {
      [0] = "this minute",
      past = "{n, plural, one {# minute ago} other {# minutes ago}}",
      future = "{n, plural, one {in # minute} other {in # minutes}}",
    },
    second = {
      [0] = "now",
      past = "{n, plural, one {# second ago} other {# seconds ago}}",
      future = "{n, plural, one {in # second} other {in # seconds}}",
    },
  },
}
