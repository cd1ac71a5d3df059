/** Everything that somebody might put into a name to be obeyed by a terminal, a CI runner, or a page. */
export const evil = [
  '\x1b[2J\x1b]8;;http://x/\x07click\x1b]8;;\x07',
  '\b\b\x7f\x9b31m\x85',
  '\u202e\u2066\u200b\ufeff\u2028',
  '::error title=x::y ##vso[task.complete result=Failed] ##[error]z',
  '<script>alert(1)</script> ](javascript:x) `$(id)`',
].join('')

/** What of it may stand in an HTTP header (RFC 9110 section 5.5). */
export const evilHeader = '::error::y ##vso[task.complete] ##[error]z \u202e\u2066\u200b \u009b31m <script>'
