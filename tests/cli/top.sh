#!/bin/sh
# top.sh: a trace watched while it is written, in a terminal that is left as it was.
. "${0%/*}/lib.sh"

aatgs 0 run --workload "$odd" --device cpu --iterations 250 --workers 2 --record trace
aatgs 0 top trace --once
quiet
out '^  state +closed$' '^  iterations +250$' '^  looked at +250 iterations, the newest$' \
  '^  round trip p99 +[0-9.]+ (ns|us|ms|s)$' '^  Add +[0-9.e-]+ +[0-9.]+ (ns|us|ms)' '^  seen +250 +$' \
  '^  step\[2\] +252 +$'
aatgs 0 top trace
out '^  state +closed$'
aatgs 0 top trace --format json --fields step[1],config.scale,spin
same "$(json last)" 250 'the last iteration'
out '"name": "step\[1\]",' '"value": 251,$' '"name": "config.scale",' '"name": "config.spin",' '"unit": "turns"'
if command -v python3 >/dev/null; then
  checks=$((checks + 1))
  python3 -m json.tool <.out >/dev/null || complain 'python3 does not read the JSON'
fi
refused 2 "no field 'nothing'" top trace --fields nothing
refused 2 'list of fields with commas' top trace --fields seen,,half
refused 1 'no-trace' top no-trace
refused 2 'number of seconds' top trace --interval 0

if ! command -v tmux >/dev/null; then
  echo 'nothing was watched: tmux is not here'
  finish
fi
"$AATGS" run --workload "$odd" --device cpu --seconds 60 --config spin=20000 --record live \
  >/dev/null 2>&1 </dev/null &
writer=$!
terminal() { tmux -L "aatgs-$$" "$@"; }
cleanup() {
  kill -TERM "$writer" 2>/dev/null
  terminal kill-server 2>/dev/null
  wait "$writer" 2>/dev/null
  rm -rf "$work"
}
screen() { terminal capture-pane -t top -p >.out 2>/dev/null; }
# wait_for REGEX: until the screen has such a line.
wait_for() {
  tries=0
  last="the screen"
  while screen && ! grep -E -q -e "$1" .out && [ $tries -lt 100 ]; do
    sleep 0.2
    tries=$((tries + 1))
  done
  out "$1"
}
while ! "$AATGS" info live >/dev/null 2>&1; do sleep 0.2; done

terminal -f /dev/null new-session -d -s top -x 90 -y 40 \
  "env -u LC_ALL TERM=screen LANG=C.UTF-8 PS1='ready> ' sh"
terminal send-keys -t top 'clear; stty -a >before; echo before' Enter
wait_for '^(ready> )?before$'
# watch: what follows happens to a top that runs.
watch() { terminal send-keys -t top "'$AATGS' top '$work/live' --interval 0.2; echo status \$?" Enter; }
# restored: the terminal is as it was, with what was on it.
restored() {
  wait_for "^status $1\$"
  out '^(ready> )?before$'
  terminal send-keys -t top 'stty -a >after' Enter
  tries=0
  while [ ! -s after ] && [ $tries -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  # The first line has the size of the window.
  same "$(tail -n +2 after)" "$(tail -n +2 before)" 'modes of the terminal'
  same "$(terminal display -p -t top '#{cursor_flag} #{alternate_on}')" '1 0' \
    'the cursor and the screen'
  rm -f after
  terminal send-keys -t top 'clear; echo before' Enter
  wait_for '^(ready> )?before$'
}

watch
wait_for '^  Add +[0-9.]+ % .*us'
out '^live: odd on cpu|/live: odd on cpu' '^  rate +[0-9,]+ /s' '^  round trip p50' '^  in flight' \
  '^  seen +[0-9]+' '^q to quit$'
same "$(terminal display -p -t top '#{cursor_flag} #{alternate_on}')" '0 1' 'the screen of top'
seen=$(sed -n 's/^  seen *\([0-9.e+]*\).*/\1/p' .out)
sleep 1
screen
differ "$(sed -n 's/^  seen *\([0-9.e+]*\).*/\1/p' .out)" "$seen" 'the latest iteration later'
# A smaller window: nothing scrolls, the last line stays.
terminal resize-window -t top -x 50 -y 12
sleep 1
screen
out '^q to quit$' '/live: odd on cpu'
same "$(LC_ALL=C.UTF-8 grep -E '^.{51}' .out)" '' 'lines wider than the window'
terminal resize-window -t top -x 90 -y 40
terminal send-keys -t top q
restored 0

# Signals: the terminal is given back and the shell sees which one it was.
watch
wait_for '^q to quit$'
kill -TERM "$(pgrep -f "^$AATGS top $work/live" | head -n 1)"
restored 143
watch
wait_for '^q to quit$'
terminal send-keys -t top C-c
wait_for '^ready>$'
terminal send-keys -t top 'echo status $?' Enter
restored 130

# Stopped and continued.
watch
wait_for '^q to quit$'
terminal send-keys -t top C-z
tries=0
while [ "$(terminal display -p -t top '#{alternate_on}')" != 0 ] && [ $tries -lt 50 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
same "$(terminal display -p -t top '#{cursor_flag} #{alternate_on}')" '1 0' 'the screen when stopped'
terminal send-keys -t top fg Enter
wait_for '^q to quit$'
terminal send-keys -t top q
finish
