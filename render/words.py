"""The fixed words of printed pages and charts: English, Spanish and Arabic."""

from collections.abc import Mapping

PLAN: Mapping[str, Mapping[str, str]] = {
    "en": {
        "for": "For",
        "made": "Made on",
        "version": "Version",
        "phone": "Call us",
        "scan": "Scan to open on your phone",
        "start": "Start",
        "finish": "Finish",
        "why": "Why:",
        "stop_when": "Stop this move if:",
        "help": "Stop and get help",
        "guide": "Pain guide",
        "days": "Tick each day you do your plan",
        "goal": "Goal: {days} days a week",
        "week": "Week",
        "tick": "Tick here",
        "notes": "Notes for your next visit",
        "page": "Page",
        "of": "of",
        "note": "From your therapist",
        "changed": "What changed",
        "moves": "Your moves",
        "picture": "{name}: start and finish",
        "qr": "Square code that opens your plan",
    },
    "es": {
        "for": "Para",
        "made": "Fecha:",
        "version": "Versión",
        "phone": "Llámenos",
        "scan": "Escanee para abrir en su teléfono",
        "start": "Inicio",
        "finish": "Final",
        "why": "Por qué:",
        "stop_when": "Deje este ejercicio si:",
        "help": "Pare y pida ayuda",
        "guide": "Guía de dolor",
        "days": "Marque cada día que hace su plan",
        "goal": "Meta: {days} días a la semana",
        "week": "Semana",
        "tick": "Marque aquí",
        "notes": "Notas para su próxima visita",
        "page": "Página",
        "of": "de",
        "note": "De su terapeuta",
        "changed": "Qué cambió",
        "moves": "Sus ejercicios",
        "picture": "{name}: inicio y final",
        "qr": "Código que abre su plan",
    },
    "ar": {
        "for": "إلى",
        "made": "بتاريخ",
        "version": "نسخة",
        "phone": "اتصل بنا",
        "scan": "امسح الرمز لفتح الخطة على هاتفك",
        "start": "البداية",
        "finish": "النهاية",
        "why": "لماذا:",
        "stop_when": "توقف عن هذا التمرين إذا:",
        "help": "توقف واطلب المساعدة",
        "guide": "دليل الألم",
        "days": "ضع علامة على كل يوم تؤدي فيه خطتك",
        "goal": "الهدف: {days} أيام في الأسبوع",
        "week": "الأسبوع",
        "tick": "ضع علامة هنا",
        "notes": "ملاحظات لزيارتك القادمة",
        "page": "صفحة",
        "of": "من",
        "note": "من معالجك",
        "changed": "ما الذي تغيّر",
        "moves": "تمارينك",
        "picture": "{name}: البداية والنهاية",
        "qr": "رمز يفتح خطتك",
    },
}


def plan_words(language: str) -> Mapping[str, str]:
    """The words of a printed plan; English where a language has none."""
    return PLAN.get(language.partition("-")[0].casefold(), PLAN["en"])


CHART: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Your pain and the days you did your plan",
        "pain": "Pain (0 to 10)",
        "days": "Days done in a week",
        "pain_desc": "Pain went from {first} to {last} of 10.",
        "pain_once": "Pain was {last} of 10.",
        "days_desc": "Days done in a week went from {first} to {last}.",
        "days_once": "Days done in the week: {last}.",
        "span": "From {first} to {last}.",
        "span_once": "{last}.",
        "pain_point": "{day}: pain {value} of 10",
        "days_point": "{day}: {value} days done",
    },
    "es": {
        "title": "Su dolor y los días que hizo su plan",
        "pain": "Dolor (0 a 10)",
        "days": "Días hechos por semana",
        "pain_desc": "El dolor pasó de {first} a {last} de 10.",
        "pain_once": "El dolor fue {last} de 10.",
        "days_desc": "Los días hechos por semana pasaron de {first} a {last}.",
        "days_once": "Días hechos en la semana: {last}.",
        "span": "Del {first} al {last}.",
        "span_once": "{last}.",
        "pain_point": "{day}: dolor {value} de 10",
        "days_point": "{day}: {value} días hechos",
    },
}


def chart_words(language: str) -> Mapping[str, str]:
    """The words of a chart; English where a language has none."""
    return CHART.get(language.partition("-")[0].casefold(), CHART["en"])
