"""What Prometheus may ask about the worker.  Labels are bounded: kinds and outcomes, never ids."""

from prometheus_client import Counter, Gauge, Histogram

settled_rooms = Counter(
    "chance_tap_settled_rooms_total", "Rooms whose result was recorded in Postgres, by outcome.", ("outcome",)
)
settlement_lag = Histogram(
    "chance_tap_settlement_lag_seconds",
    "From the moment a room ended in Redis to its payment.",
    buckets=(0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0),
)
dead_letters = Counter("chance_tap_dead_letters_total", "Results given up after repeated failures; an operator looks.")
bonus_runs = Counter("chance_tap_bonus_runs_total", "Ends of bonus runs that were recorded, by state.", ("state",))
repaired = Counter("chance_tap_repaired_total", "What was repaired about orphaned seats, by kind.", ("kind",))
loop_failures = Counter("chance_tap_worker_loop_failures_total", "Rounds of a worker's loop that failed.", ("loop",))
loop_succeeded_at = Gauge(
    "chance_tap_worker_loop_success_timestamp_seconds",
    "When each of this worker's loops last came through a round.",
    ("loop",),
)
audit_findings = Gauge("chance_tap_audit_findings", "Findings of the latest audit by any worker; NaN: there was none.")
audit_findings.set(float("nan"))
watch_succeeded_at = Gauge(
    "chance_tap_watch_success_timestamp_seconds",
    "When each periodic look last came to its end in any worker; where it never did, since when it is expected.",
    ("watch",),
)
watch_failures = Gauge(
    "chance_tap_watch_failures", "How often each periodic look failed since it last came to its end.", ("watch",)
)
watch_overdue = Gauge("chance_tap_watch_overdue", "1: this look is older than it may be.", ("watch",))
set_aside = Gauge(
    "chance_tap_set_aside", "Elements of lists from outside that could not be understood, by kind of list.", ("list",)
)
records = Counter("chance_tap_records_total", "Game records made, by what Redis still had of the frames.", ("log",))
record_failures = Counter("chance_tap_record_failures_total", "Game records that could not be made; they come again.")
record_findings = Counter("chance_tap_record_findings_total", "Things in new records that break the rules: defects.")
reviews = Counter("chance_tap_reviews_total", "Players whom the signals of a game want an operator to look at.")
reviews_waiting = Gauge("chance_tap_reviews_waiting", "Reviews that no operator has decided.")
oldest_review = Gauge("chance_tap_oldest_review_seconds", "For how long the oldest of them waits.")
leaderboards_built = Counter("chance_tap_leaderboards_built_total", "Leaderboards that Redis did not have, built anew.")
payments_expired = Counter("chance_tap_payments_expired_total", "Payments that were not made in time.")
ton_receipts = Counter(
    "chance_tap_ton_receipts_total", "Messages with TON that came, by state and reason.", ("state", "reason")
)
ton_read_at = Gauge("chance_tap_ton_read_timestamp_seconds", "When the house's TON address was last read to the end.")
star_refunds_asked = Counter("chance_tap_star_refunds_asked_total", "Refunds of Stars that Telegram was asked for.")
payout_steps = Counter("chance_tap_payout_steps_total", "Withdrawals that were gone on with.", ("kind",))
stars_found = Counter(
    "chance_tap_stars_found_total", "What only the reconciliation with Telegram found: payments, refunds.", ("kind",)
)
star_differences = Gauge(
    "chance_tap_star_differences", "Differences to Telegram's transactions, by the latest reconciliation."
)
chain_differences = Gauge(
    "chance_tap_chain_differences", "Differences to the chain, of deposits and pay-outs, by the latest reconciliation."
)
reconciled_at = Gauge(
    "chance_tap_reconciliation_timestamp_seconds",
    "When Telegram and the chain were last compared with the ledger.",
    ("source",),
)
star_balance = Gauge(
    "chance_tap_star_balance", "The bot's Stars by Telegram, by our ledger, and none of the ledger's.", ("source",)
)
mails = Counter("chance_tap_mails_total", "E-mails by what became of them.", ("outcome",))
notifications = Counter(
    "chance_tap_notifications_total", "Notices that the bot delivered or gave up, by what became of them.", ("outcome",)
)
