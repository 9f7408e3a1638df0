"""Start-up checks: every fault at once, with its cause and its mend (pages.md, "Terminal")."""
