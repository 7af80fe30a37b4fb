"""What somebody can be sent about clients, and when, in words."""

from schemas.staff import StaffNews, Wish

NEWS = {
    StaffNews.alert: "An answer that cannot wait, of any client",
    StaffNews.look: "Something to look at in the next days",
    StaffNews.form: "A form that was sent in",
    StaffNews.written: "A client wrote something",
}
WHEN = {Wish.off: "Not to me", Wish.now: "At once", Wish.daily: "Once a day"}
NO_TEXTS = "No text can arrive at this number: type a mobile number, with the code of the country."
