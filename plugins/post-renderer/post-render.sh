#!/bin/sh
# Command of plugin.yaml: judges what helm has rendered.
#
# helm 4.3 shows nothing of what a post-renderer writes to stderr, only that it failed. So the report is written to where helm's own
# messages go (Linux), or to the terminal. A file that stderr was redirected to is left alone: helm would write over it.
set -eu
for to in "/proc/$PPID/fd/2" /dev/tty; do
  if [ ! -f "$to" ] && (: >>"$to") 2>/dev/null; then
    exec "$HELM_PLUGIN_DIR/bin/airtight" post-render "$@" 2>>"$to"
  fi
done
exec "$HELM_PLUGIN_DIR/bin/airtight" post-render "$@"
