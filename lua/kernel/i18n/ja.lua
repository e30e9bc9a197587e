--- Japanese. Facts of the Unicode CLDR.
local MONTHS <const> = {
  "1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月",
}

return {
  name = "日本語",
  plural = function() return "other" end,
  ordinal = function() return "other" end,
  number = { decimal = ".", group = ",", percent = "{0}%" },
  currency = {
    pattern = "{symbol}{amount}",
    symbols = {
      USD = "$", JPY = "￥", CNY = "元", HKD = "HK$", TWD = "NT$", CAD = "CA$", AUD = "A$",
      MXN = "MX$", NZD = "NZ$", BRL = "R$", PHP = "PHP",
    },
  },
  date = {
    first_day = 0,
    months = MONTHS,
    short_months = MONTHS,
    days = { "日曜日", "月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日" },
    short_days = { "日", "月", "火", "水", "木", "金", "土" },
    halves = { "午前", "午後" },
    dates = { short = "y/MM/dd", medium = "y/MM/dd", long = "y年M月d日", full = "y年M月d日EEEE" },
    times = { short = "H:mm", medium = "H:mm:ss" },
    joined = { short = "{date} {time}", medium = "{date} {time}", long = "{date} {time}" },
  },
  list = {
    ["and"] = { pair = "{0}、{1}", middle = "{0}、{1}", last = "{0}、{1}" },
    ["or"] = { pair = "{0}または{1}", middle = "{0}、{1}", last = "{0}、または{1}" },
  },
  relative = {
    year = { [-1] = "昨年", [0] = "今年", [1] = "来年", past = "{n} 年前", future = "{n} 年後" },
    month = {
      [-1] = "先月", [0] = "今月", [1] = "来月", past = "{n} か月前", future = "{n} か月後",
    },
    week = {
      [-1] = "先週", [0] = "今週", [1] = "来週", past = "{n} 週間前", future = "{n} 週間後",
    },
    day = { [-1] = "昨日", [0] = "今日", [1] = "明日", past = "{n} 日前", future = "{n} 日後" },
    hour = { [0] = "1 時間以内", past = "{n} 時間前", future = "{n} 時間後" },
    minute = { [0] = "1 分以内", past = "{n} 分前", future = "{n} 分後" },
    second = { [0] = "今", past = "{n} 秒前", future = "{n} 秒後" },
  },
}
