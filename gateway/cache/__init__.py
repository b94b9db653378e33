"""What a gateway keeps for a moment so that many readers cost one question: leaderboards, tiers."""
