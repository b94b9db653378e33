"""What Prometheus may ask about sockets and taps.  Counted a batch at a time, never a frame at a time."""

from prometheus_client import Counter, Gauge

sockets = Gauge("chance_tap_sockets", "WebSocket connections of this gateway.")
tap_frames = Counter("chance_tap_tap_frames_total", "Taps frames handed to the scripts.")
bonus_frames = Counter("chance_tap_bonus_frames_total", "Taps frames of bonus runs handed to the scripts.")
event_frames = Counter("chance_tap_event_frames_total", "Frames of room events written to sockets.")
refusals = Counter("chance_tap_ws_refusals_total", "Error frames sent, by code.", ("code",))
foreign_frames = Counter("chance_tap_foreign_frames_total", "Frames that named another user than the token's.")
unreadable_user_events = Counter(
    "chance_tap_unreadable_user_events_total", "Events about users that were of no kind that this version knows."
)
organizer_taps = Counter("chance_tap_organizer_taps_total", "Taps frames of organizers, who may only watch.")
