"""What a practitioner prints: the one page to read before the session, and the plan for the client."""

from flask import Response, abort

from handlers import links
from handlers.intake import summary
from handlers.links import LinkPurpose
from handlers.plans import page as plan_page
from render.paper import pdf
from schemas.staff import Role
from store import audit, bookings, plans
from web.console import gate
from web.console.drawings import bodies
from web.console.gate import allowed, me, now
from web.console.sheets import pdf_file
from web.console.tags import FLAGS
from web.console.today import local_day
from web.console.view import language, page, say
from web.context import context

blueprint = gate.blueprint("summary")


@blueprint.get("/console/bookings/<int:booking_id>/summary")
@allowed(Role.practitioner)
def summary_page(booking_id: int) -> Response:
    """Flags first, then what a session needs, on one page."""
    with context().db.begin() as tx:
        visit = summary.for_visit(tx, context(), booking_id, now(), language()) or abort(404)
        audit.add(tx, me().name, "view_summary", f"booking:{booking_id}", now())
    words = summary.words(context(), language())
    return page(
        "summary",
        summary=visit,
        booking_id=booking_id,
        bodies=bodies(visit, say()),
        places=[words.place(one) for one in visit.regions],
        avoid=[words.place(one) for one in visit.avoid],
        flag_tags=FLAGS,
    )


@blueprint.get("/console/bookings/<int:booking_id>/summary.pdf")
@allowed(Role.practitioner)
def summary_paper(booking_id: int) -> Response:
    """The same as a PDF of one page."""
    with context().db.begin() as tx:
        visit = summary.for_visit(tx, context(), booking_id, now(), language()) or abort(404)
        audit.add(tx, me().name, "print_summary", f"booking:{booking_id}", now())
    page_of = summary.paper(visit, summary.words(context(), language()))
    words = context().library(visit.language).papers
    made = pdf.summary_pdf(page_of, context().clinic, date=local_day(now()), words=words)
    return pdf_file(visit.reference, made.data)


@blueprint.get("/console/bookings/<int:booking_id>/plan.pdf")
@allowed(Role.practitioner)
def plan_paper(booking_id: int) -> Response:
    """The plan on paper, for who gets no mail: as it stands, with its code only once the page is open."""
    with context().db.begin() as tx:
        found = bookings.get(tx, booking_id) or abort(404)
        stored = plans.newest(tx, booking_id)
        if stored is None or not stored.plan.items:
            abort(404)
        audit.add(tx, me().name, "print_plan", f"plan:{stored.id}", now())
        plan = plan_page.to_client(tx, context(), stored, now())
        handed = links.issue(tx, context(), LinkPurpose.plan, found.id, now(), contact=0)
        url = handed if stored.sent_at else ""
        data = plan_page.printed(tx, context(), found, stored, plan, url)
    return pdf_file(f"plan-{booking_id:05d}", data)
