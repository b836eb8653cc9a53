# layerscope's probe for images without Python: any POSIX shell runs it, by its own commands where others are missing.
# It comes on standard input after lines that set NONCE, ABOUT and PROGRAM, and prints records.

# $1 as the inside of a JSON string; what is no printable ASCII becomes a question mark.
escape() {
  rest=$1 escaped=
  if [ ${#rest} -gt 2000 ]; then
    while [ ${#rest} -gt 2000 ]; do rest=${rest%????????????????????????????????????????????????????????????????}; done
  fi
  while [ -n "$rest" ]; do
    tail=${rest#?} letter=${rest%"$tail"}
    case $letter in
      '"' | '\') escaped=$escaped\\$letter ;;
      "$tab") escaped="$escaped\\t" ;;
      "$newline") escaped="$escaped\\n" ;;
      [\ -~]) escaped=$escaped$letter ;;
      *) escaped="$escaped?" ;;
    esac
    rest=$tail
  done
}

# How long the host has been up, in seconds: the only clock that every Linux has without a program.
clock() {
  now=0
  if read -r now _ </proc/uptime; then :; fi 2>/dev/null
}

# A record of kind $1 with further members $2.
tell() {
  clock
  printf '@@LS@@%s {"at": %s, "record": "%s"%s}\n' "$NONCE" "$now" "$1" "$2"
}

begin() { stage=$1 values= && tell begin ", \"stage\": \"$stage\""; }

# The stage that was begun has the status $1, the kind $2 and the sentence $3.
end() {
  escape "$3"
  tell end ", \"stage\": \"$stage\", \"status\": \"$1\", \"kind\": \"$2\", \"detail\": \"$escaped\", \"values\": {$values}"
}

# Adds the text $2 under the name $1 to the values of a stage.
add() {
  escape "$2"
  values="$values${values:+, }\"$1\": \"$escaped\""
}

# Adds $2, which is JSON already.
add_json() { values="$values${values:+, }\"$1\": $2"; }

# A field of /proc/self/status.
field() {
  found=
  while read -r name value _; do
    if [ "$name" = "$1:" ]; then found=$value; fi
  done </proc/self/status
}

# Whether $1, a table of mounts, has the root as read-only; null where neither its first rows nor a program shows it. There
# may be thousands of rows, and a shell asks the kernel for each row anew, or for each byte.
look_at_root() {
  flags= rows=0
  while [ -z "$flags" ] && [ "$rows" -lt 256 ] && read -r _ place _ fields _; do
    rows=$((rows + 1))
    if [ "$place" = / ]; then flags=$fields; fi
  done 2>/dev/null <"$1"
  if [ -z "$flags" ] && has grep; then
    row=$(grep -m 1 ' / ' "$1" 2>/dev/null)
    row=${row#* / } row=${row#* } flags=${row%% *}
  fi
  case ,$flags, in ,,) read_only=null ;; *,ro,*) read_only=true ;; *) read_only=false ;; esac
}

has() { command -v "$1" >/dev/null 2>&1; }

may_write() { if (: >"$1/.layerscope-$$") 2>/dev/null; then rm -f "$1/.layerscope-$$" 2>/dev/null; printf true; else printf false; fi; }

look_at_environment() {
  begin env
  field Uid; uid=$found
  field Gid; gid=$found
  name=null
  while IFS=: read -r entry _ number _; do
    if [ "$number" = "$uid" ]; then escape "$entry"; name="\"$escaped\""; break; fi
  done 2>/dev/null </etc/passwd
  add_json identity "{\"uid\": ${uid:-null}, \"gid\": ${gid:-null}, \"name\": $name}"
  field CapEff; effective=$found
  field CapBnd; bounding=$found
  field NoNewPrivs; rights=false; if [ "$found" = 1 ]; then rights=true; fi
  field Seccomp
  case $found in 0) seccomp=off ;; 1) seccomp=strict ;; 2) seccomp=filter ;; *) seccomp=unknown ;; esac
  look_at_root /proc/self/mounts
  map=; if read -r a b c </proc/self/uid_map; then map="$a $b $c"; fi 2>/dev/null
  add_json isolation "{\"capabilities\": \"$effective\", \"bounding\": \"$bounding\", \"no_new_privileges\": $rights, \"seccomp\": \"$seccomp\", \"user_map\": \"$map\", \"read_only_root\": $read_only}"
  places=
  for pair in "home=$HOME" tmp=/tmp shm=/dev/shm; do
    path=${pair#*=}
    if [ -n "$path" ]; then
      escape "$path"
      places="$places${places:+, }\"${pair%%=*}\": {\"path\": \"$escaped\", \"writable\": $(may_write "$path")}"
    fi
  done
  add_json places "{$places}"
  tools=
  for tool in id ldd ldconfig ls cat mount df nvidia-smi bash busybox; do
    if has "$tool"; then tools="$tools${tools:+ }$tool"; fi
  done
  add tools "$tools"
  end passed "" "a shell as uid ${uid:-unknown}, no Python"
}

look_at_devices() {
  begin devices
  nodes= closed= count=0
  for node in /dev/nvidia[0-9]* /dev/nvidiactl /dev/nvidia-uvm /dev/dxg; do
    if [ -c "$node" ]; then
      count=$((count + 1)) open=false
      if [ -r "$node" ] && [ -w "$node" ]; then open=true; else closed="$closed${closed:+, }$node"; fi
      nodes="$nodes${nodes:+, }{\"path\": \"$node\", \"open\": $open}"
    fi
  done
  add_json nodes "[$nodes]"
  module=; if read -r module </proc/driver/nvidia/version; then add module "$module"; fi 2>/dev/null
  if [ -n "$closed" ]; then end failed device-closed "$closed may not be opened"
  elif [ "$count" -gt 0 ]; then end passed "" "$count device nodes"
  else end skipped "" "no device: there is no /dev/nvidia* and no /dev/dxg"
  fi
}

look_at_driver() {
  begin driver
  library=
  IFS=:
  for folder in $LD_LIBRARY_PATH /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib64 /usr/lib /lib64 /lib \
    /usr/local/nvidia/lib64 /usr/lib/wsl/lib; do
    if [ -z "$library" ] && [ -e "$folder/libcuda.so.1" ]; then library=$folder/libcuda.so.1; fi
  done
  unset IFS
  if [ -z "$library" ] && has ldconfig; then
    library=$(ldconfig -p 2>/dev/null | while read -r soname _ _ path; do
      case $soname in libcuda.so.1) printf %s "${path##* }"; break ;; esac
    done)
  fi
  add library "$library"
  if [ -n "$library" ]; then end passed "" "the driver library is there ($library), and without Python nothing asks it"
  elif [ "$count" -gt 0 ]; then end failed no-driver-library "the device nodes are there, and libcuda.so.1 is not"
  else end skipped "" "no device: no driver library, and no device node"
  fi
}

# Where $1 lies on PATH; what a shell has built in is no answer.
find_on_path() {
  program=
  IFS=:
  for folder in $PATH; do
    if [ -z "$program" ] && [ -x "$folder/$1" ]; then program=$folder/$1; fi
  done
  unset IFS
}

look_at_program() {
  begin loader
  program=$PROGRAM
  case $program in '' | */*) ;; *) find_on_path "$program" ;; esac
  add program "$program"
  if [ -z "$PROGRAM" ]; then end skipped "" "the image names no program to start"; return; fi
  if [ -z "$program" ] || ! [ -e "$program" ]; then end failed no-program "$PROGRAM is not there"; return; fi
  if ! [ -x "$program" ]; then end failed not-executable "$program may not be started by this user"; return; fi
  if ! has ldd; then end skipped "" "the image has no ldd"; return; fi
  listing=$(ldd "$program" 2>&1)
  add listing "$listing"
  lost=$(printf '%s\n' "$listing" | while read -r line; do
    case $line in
      *"=> not found"*) printf '%s ' "${line%% *}" ;;
      Error\ loading\ shared\ library\ *) line=${line#Error loading shared library }; printf '%s ' "${line%%:*}" ;;
    esac
  done)
  if [ -n "$lost" ]; then end failed missing-library "$program does not find ${lost% }"
  else end passed "" "$program finds every library"
  fi
}

probe() {
  tab='	' newline='
'
  escape "$ABOUT"
  tell hello ", \"protocol\": 1, \"python\": \"\", \"executable\": \"sh\", \"about\": \"$escaped\", \"asked\": [\"env\", \"devices\", \"driver\", \"loader\"]"
  look_at_environment
  look_at_devices
  look_at_driver
  look_at_program
  tell bye ""
}

# Read whole before it runs, so that no program eats the rest of it.
probe </dev/null
exit 0
