#!/bin/sh
# man.sh: every verb has a page that mandoc finds nothing wrong with and that knows every option;
# what is installed can be found and run.
. "${0%/*}/lib.sh"
pages=$AATGS_SOURCE/tools/man

# Each option of the help is on the page, and the other way round.
for verb in run replay debug bisect repro info report timeline query dump stats export diff schedule gen verify recover trim pack unpack ls rm doctor; do
  aatgs 0 "$verb" --help
  checks=$((checks + 1))
  [ -f "$pages/aatgs-$verb.1" ] || complain "there is no page aatgs-$verb.1"
  grep -o -E '^ +(-[a-z], )?--[a-z][a-z-]*' .out | grep -o -E -e '--[a-z-]+' | sort -u >in_help
  grep -E '^\.It Fl' "$pages/aatgs-$verb.1" | grep -o -E 'Fl -[a-z][a-z-]*' | sed 's/Fl -/--/' |
    sort -u >on_page
  same "$(cat on_page)" "$(cat in_help)" "options of $verb on its page and in its help"
done
aatgs 0 --help
for page in "$pages"/aatgs-*.1; do
  verb=${page##*/aatgs-}
  out "^  ${verb%.1} "
  checks=$((checks + 1))
  grep -q "^.Xr aatgs-${verb%.1} 1" "$pages/aatgs.1" || complain "aatgs.1 does not name ${verb%.1}"
done

if command -v mandoc >/dev/null; then
  for page in "$pages"/*.1; do
    checks=$((checks + 1))
    last="mandoc $page"
    mandoc -T lint -W warning "$page" >.out 2>&1 || complain 'mandoc complains'
    [ ! -s .out ] || complain 'mandoc complains'
  done
else
  echo 'the form of the pages was not checked: mandoc is not here'
fi

if command -v bash >/dev/null; then
  last='completion.bash'
  cat >complete.bash <<'END'
. "$AATGS_SOURCE/tools/completion.bash"
COMP_WORDS=("$AATGS" "$@") COMP_CWORD=$#
_aatgs
echo "${COMPREPLY[*]}"
END
  same "$(bash complete.bash repl)" replay 'completion of repl'
  same "$(bash complete.bash replay --sh)" --shuffle 'completion of --sh'
  same "$(bash complete.bash info --format j)" json 'completion of --format j'
  same "$(bash complete.bash export t --format p)" perfetto 'completion of --format p'
fi
finish
