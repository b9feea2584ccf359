#!/bin/sh
# help.sh: what the program says about itself, and wrong verbs and options.
. "${0%/*}/lib.sh"

aatgs 0 --help
quiet
out '^Usage: aatgs VERB' '^  run  ' '^  replay  ' '^  info  ' '^  gen  ' '^  doctor  '
aatgs 0 -h
out '^Usage: aatgs VERB'
aatgs 0 help
out '^Usage: aatgs VERB'
aatgs 0 --version
quiet
out '^aatgs [0-9]+\.[0-9]+\.[0-9]+$'

for verb in run replay debug bisect repro info report timeline query dump stats export diff html top schedule gen verify recover trim pack unpack ls rm doctor; do
  aatgs 0 "$verb" --help
  quiet
  out "^Usage: aatgs $verb" '--help'
  cp "$work/.out" "$work/help"
  aatgs 0 help "$verb"
  quiet
  same "$(cat "$work/.out")" "$(cat "$work/help")" "help $verb"
  wide=$(awk 'length > 80' "$work/help")
  same "$wide" '' "$verb --help: lines over 80 columns"
  # A line of plain text ends where the next one's first word does not fit any more.
  early=$(awk '/^[^ ]/ && before != "" && length(before) + 1 + length($1) <= 80 { print before }
    { before = /^[^ ]/ ? $0 : "" }' "$work/help")
  same "$early" '' "$verb --help: lines that end early"
  refused 2 '--no-such-option' "$verb" --no-such-option
done

# A workload's inputs are options of run.
aatgs 0 run --workload "$odd" --help
out '--text FILE +A file that must begin'
aatgs 0 run --workload ./not-there.so --help
out '^Usage: aatgs run'

refused 2 'a verb is missing'
refused 2 "no verb 'rnu'; did you mean 'run'" rnu
refused 2 "no verb 'frobnicate' \(see" frobnicate
refused 2 "no option --frobnicate" --frobnicate
refused 2 "no verb 'rnu'" help rnu
refused 2 "'info' is one argument too many" help run info

# The same for the options of a verb.
refused 2 '^aatgs: run: there is no option --itertions; did you mean --iterations\?' \
  run --workload "$odd" --itertions 5
refused 2 '--iterations needs a value' run --workload "$odd" --iterations
refused 2 '--shuffle takes no value' run --workload "$odd" --shuffle=yes
refused 2 'no option -z' run --workload "$odd" -z
refused 2 "'extra' is one argument too many" run --workload "$odd" extra
refused 2 "'extra' is one argument too many" run --workload "$odd" -- extra
refused 2 'something is missing: aatgs replay DIR' replay
refused 2 'something is missing: aatgs info DIR' info
refused 2 "'b' is one argument too many" info a b
finish
