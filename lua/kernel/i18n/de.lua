--- German as in Germany. Facts of the Unicode CLDR.
local NO_BREAK <const> = "\u{A0}"

return {
  name = "Deutsch",
  plural = function(n, has_decimals)
    return n == 1 and not has_decimals and "one" or "other"
  end,
  ordinal = function() return "other" end,
  number = { decimal = ",", group = ".", percent = "{0}" .. NO_BREAK .. "%" },
  currency = {
    pattern = "{amount}" .. NO_BREAK .. "{symbol}",
    symbols = {
      USD = "$", CNY = "CN¥", HKD = "HK$", TWD = "NT$", CAD = "CA$", AUD = "AU$", MXN = "MX$",
      NZD = "NZ$", BRL = "R$", THB = "฿", PHP = "PHP",
    },
  },
  date = {
    first_day = 1,
    months = {
      "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
      "Oktober", "November", "Dezember",
    },
    short_months = {
      "Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.",
      "Dez.",
    },
    days = {
      "Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag",
    },
    short_days = { "So", "Mo", "Di", "Mi", "Do", "Fr", "Sa" },
    halves = { "AM", "PM" },
    dates = {
      short = "dd.MM.yy",
      medium = "dd.MM.y",
      long = "d. MMMM y",
      full = "EEEE, d. MMMM y",
    },
    times = { short = "HH:mm", medium = "HH:mm:ss" },
    joined = { short = "{date}, {time}", medium = "{date}, {time}", long = "{date} um {time}" },
  },
  list = {
    ["and"] = { pair = "{0} und {1}", middle = "{0}, {1}", last = "{0} und {1}" },
    ["or"] = { pair = "{0} oder {1}", middle = "{0}, {1}", last = "{0} oder {1}" },
  },
  relative = {
    year = {
      [-1] = "letztes Jahr", [0] = "dieses Jahr", [1] = "nächstes Jahr",
      past = "vor {n, plural, one {# Jahr} other {# Jahren}}",
      future = "in {n, plural, one {# Jahr} other {# Jahren}}",
    },
    month = {
      [-1] = "letzten Monat", [0] = "diesen Monat", [1] = "nächsten Monat",
      past = "vor {n, plural, one {# Monat} other {# Monaten}}",
      future = "in {n, plural, one {# Monat} other {# Monaten}}",
    },
    week = {
      [-1] = "letzte Woche", [0] = "diese Woche", [1] = "nächste Woche",
      past = "vor {n, plural, one {# Woche} other {# Wochen}}",
      future = "in {n, plural, one {# Woche} other {# Wochen}}",
    },
    day = {
      [-1] = "gestern", [0] = "heute", [1] = "morgen",
      past = "vor {n, plural, one {# Tag} other {# Tagen}}",
      future = "in {n, plural, one {# Tag} other {# Tagen}}",
    },
    hour = {
      [0] = "in dieser Stunde",
      past = "vor {n, plural, one {# Stunde} other {# Stunden}}",
      future = "in {n, plural, one {# Stunde} other {# Stunden}}",
    },
    minute = {
      [0] = "in dieser Minute",
      past = "vor {n, plural, one {# Minute} other {# Minuten}}",
      future = "in {n, plural, one {# Minute} other {# Minuten}}",
    },
    second = {
      [0] = "jetzt",
      past = "vor {n, plural, one {# Sekunde} other {# Sekunden}}",
      future = "in {n, plural, one {# Sekunde} other {# Sekunden}}",
    },
  },
}
