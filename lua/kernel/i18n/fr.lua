--- French as in France. Facts of the Unicode CLDR.
local NARROW <const>, NO_BREAK <const> = "\u{202F}", "\u{A0}"

return {
  name = "français",
  plural = function(n, has_decimals)
    if n >= 0 and n < 2 then return "one" end
    return not has_decimals and n % 1000000 == 0 and "many" or "other"
  end,
  ordinal = function(n) return n == 1 and "one" or "other" end,
  number = { decimal = ",", group = NARROW, percent = "{0}" .. NARROW .. "%" },
  currency = {
    pattern = "{amount}" .. NO_BREAK .. "{symbol}",
    symbols = {
      USD = "$US", GBP = "£GB", JPY = "JPY", CAD = "$CA", AUD = "$AU", MXN = "$MX", NZD = "$NZ",
      SGD = "$SG", BRL = "R$", PHP = "PHP",
    },
  },
  date = {
    first_day = 1,
    months = {
      "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
      "octobre", "novembre", "décembre",
    },
    short_months = {
      "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.",
      "déc.",
    },
    days = { "dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi" },
    short_days = { "dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam." },
    halves = { "AM", "PM" },
    dates = { short = "dd/MM/y", medium = "d MMM y", long = "d MMMM y", full = "EEEE d MMMM y" },
    times = { short = "HH:mm", medium = "HH:mm:ss" },
    joined = { short = "{date} {time}", medium = "{date}, {time}", long = "{date} à {time}" },
  },
  list = {
    ["and"] = { pair = "{0} et {1}", middle = "{0}, {1}", last = "{0} et {1}" },
    ["or"] = { pair = "{0} ou {1}", middle = "{0}, {1}", last = "{0} ou {1}" },
  },
  relative = {
    year = {
      [-1] = "l’année dernière", [0] = "cette année", [1] = "l’année prochaine",
      past = "il y a {n, plural, one {# an} other {# ans}}",
      future = "dans {n, plural, one {# an} other {# ans}}",
    },
    month = {
      [-1] = "le mois dernier", [0] = "ce mois-ci", [1] = "le mois prochain",
      past = "il y a {n} mois",
      future = "dans {n} mois",
    },
    week = {
      [-1] = "la semaine dernière", [0] = "cette semaine", [1] = "la semaine prochaine",
      past = "il y a {n, plural, one {# semaine} other {# semaines}}",
      future = "dans {n, plural, one {# semaine} other {# semaines}}",
    },
    day = {
      [-1] = "hier", [0] = "aujourd’hui", [1] = "demain",
      past = "il y a {n, plural, one {# jour} other {# jours}}",
      future = "dans {n, plural, one {# jour} other {# jours}}",
    },
    hour = {
      [0] = "cette heure-ci",
      past = "il y a {n, plural, one {# heure} other {# heures}}",
      future = "dans {n, plural, one {# heure} other {# heures}}",
    },
    minute = {
      [0] = "cette minute-ci",
      past = "il y a {n, plural, one {# minute} other {# minutes}}",
      future = "dans {n, plural, one {# minute} other {# minutes}}",
    },
    second = {
      [0] = "maintenant",
      past = "il y a {n, plural, one {# seconde} other {# secondes}}",
      future = "dans {n, plural, one {# seconde} other {# secondes}}",
    },
  },
}
