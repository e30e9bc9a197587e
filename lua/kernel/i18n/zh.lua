--- Chinese in simplified characters. Facts of the Unicode CLDR.
local MONTHS <const> = {
  "一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "十一月", "十二月",
}

return {
  name = "简体中文",
  plural = function() return "other" end,
  ordinal = function() return "other" end,
  number = { decimal = ".", group = ",", percent = "{0}%" },
  currency = {
    pattern = "{symbol}{amount}",
    symbols = {
      USD = "US$", CNY = "¥", JPY = "JP¥", HKD = "HK$", TWD = "NT$", CAD = "CA$", AUD = "AU$",
      MXN = "MX$", NZD = "NZ$", BRL = "R$", PHP = "PHP",
    },
  },
  date = {
    first_day = 1,
    months = MONTHS,
    short_months = {
      "1月", "2月", "3月", "4月", "5月", "6月", "7月", "8月", "9月", "10月", "11月", "12月",
    },
    days = { "星期日", "星期一", "星期二", "星期三", "星期四", "星期五", "星期六" },
    short_days = { "周日", "周一", "周二", "周三", "周四", "周五", "周六" },
    halves = { "上午", "下午" },
    dates = { short = "y/M/d", medium = "y年M月d日", long = "y年M月d日", full = "y年M月d日EEEE" },
    times = { short = "HH:mm", medium = "HH:mm:ss" },
    joined = { short = "{date} {time}", medium = "{date} {time}", long = "{date} {time}" },
  },
  list = {
    ["and"] = { pair = "{0}和{1}", middle = "{0}、{1}", last = "{0}和{1}" },
    ["or"] = { pair = "{0}或{1}", middle = "{0}、{1}", last = "{0}或{1}" },
  },
  relative = {
    year = { [-1] = "去年", [0] = "今年", [1] = "明年", past = "{n}年前", future = "{n}年后" },
    month = {
      [-1] = "上个月", [0] = "本月", [1] = "下个月", past = "{n}个月前", future = "{n}个月后",
    },
    week = { [-1] = "上周", [0] = "本周", [1] = "下周", past = "{n}周前", future = "{n}周后" },
    day = { [-1] = "昨天", [0] = "今天", [1] = "明天", past = "{n}天前", future = "{n}天后" },
    hour = { [0] = "此时", past = "{n}小时前", future = "{n}小时后" },
    minute = { [0] = "此刻", past = "{n}分钟前", future = "{n}分钟后" },
    second = { [0] = "现在", past = "{n}秒钟前", future = "{n}秒钟后" },
  },
}
