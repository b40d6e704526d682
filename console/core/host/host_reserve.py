"""Room on a host that is kept for the way back: a folder of small files, made before anything changes, and given up when a disk is full. Texts for POSIX sh.

Going back needs little, but some: a step's folder, a link, a line of the history. Blocks and inodes are both kept, since either runs out.
"""

FILES, EACH = 64, 16384
"""So many files of so many bytes: 1 MiB."""

KEEP = r"""
fill_room() {
  mkdir "$1" || return 1
  r_n=0
  while [ "$r_n" -lt @FILES@ ]; do
    printf '%@EACH@s' '' > "$1/$r_n" || return 1
    r_n=$((r_n + 1))
  done
}
keep_room() {
  [ ! -d .deploy/reserve ] || return 0
  for r_old in .deploy/reserve.new*; do kill -0 "${r_old##*.}" 2>/dev/null || rm -rf "$r_old"; done
  r_new=.deploy/reserve.new.$$
  fill_room "$r_new" 2>/dev/null && mv -T "$r_new" .deploy/reserve 2>/dev/null
  rm -rf "$r_new"
  [ -d .deploy/reserve ]
}
""".replace("@FILES@", str(FILES)).replace("@EACH@", str(EACH))
"""`keep_room` makes it in the application's folder, whole or not at all; it is there already, or another made it meanwhile: fine."""

GIVE = r"""
give_room() { [ -d .deploy/reserve ] && rm -rf .deploy/reserve; }
room_or_give() {
  if { printf '%8192s' '' > ".deploy/probe.$$"; } 2>/dev/null; then rm -f ".deploy/probe.$$"; return 0; fi
  rm -f ".deploy/probe.$$"
  give_room || :
}
"""
"""`give_room` gives it up, true where there was some; `room_or_give` does so where the disk takes nothing more."""
