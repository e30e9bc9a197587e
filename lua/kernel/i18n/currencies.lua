--- Facts about currencies that do not depend on the language: ISO 4217 digits, common signs.
local currencies = {}

--- Digits behind the point where they are not two.
currencies.digits = {
  BHD = 3, IQD = 3, JOD = 3, KWD = 3, LYD = 3, OMR = 3, TND = 3,
  BIF = 0, CLP = 0, DJF = 0, GNF = 0, ISK = 0, JPY = 0, KMF = 0, KRW = 0, PYG = 0, RWF = 0,
  UGX = 0, UYI = 0, VND = 0, VUV = 0, XAF = 0, XOF = 0, XPF = 0,
}

--- Signs that every language uses unless it has its own.
currencies.signs = {
  EUR = "€", GBP = "£", JPY = "¥", KRW = "₩", INR = "₹", VND = "₫", ILS = "₪", PHP = "₱",
}

--- Signs for places where the currency is known: a dollar is "$" in every dollar shop.
currencies.narrow = {
  USD = "$", CAD = "$", AUD = "$", NZD = "$", HKD = "$", TWD = "$", SGD = "$", MXN = "$",
  ARS = "$", CLP = "$", COP = "$", BRL = "R$", CNY = "¥", JPY = "¥", GBP = "£", EUR = "€",
  KRW = "₩", INR = "₹", VND = "₫", ILS = "₪", PHP = "₱", THB = "฿", TRY = "₺", UAH = "₴",
  PLN = "zł", CZK = "Kč", SEK = "kr", NOK = "kr", DKK = "kr", HUF = "Ft", RUB = "₽",
}

return currencies
