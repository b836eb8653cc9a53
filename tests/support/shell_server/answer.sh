#!/bin/sh
# Answers one request of a client, as a server with OpenAI's API does.
read -r method path _
length=0
while read -r line; do
  line=$(printf %s "$line" | tr -d '\r')
  case $line in
    '') break ;;
    [Cc]ontent-[Ll]ength:*) length=${line##*: } ;;
  esac
done
body=$(head -c "$length")
echo "$method $path" >&2
usage='"usage": {"prompt_tokens": 9, "completion_tokens": 12}'
words='Monday begins the week, and Sunday ends it.'

reply() { # STATUS TYPE TEXT
  printf 'HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$1" "$2" "${#3}" "$3"
}

case "$method $path" in
  'GET /health') reply '200 OK' application/json '{}' ;;
  'GET /v1/models') reply '200 OK' application/json '{"data": [{"id": "small"}]}' ;;
  'POST /v1/completions') reply '200 OK' application/json "{\"choices\": [{\"text\": \" Wednesday, Thursday\", \"finish_reason\": \"stop\"}], $usage}" ;;
  'POST /v1/chat/completions')
    case $body in
      *'"stream": true'*)
        events=
        for word in $words; do events="${events}data: {\"choices\": [{\"delta\": {\"content\": \"$word \"}}]}

"; done
        reply '200 OK' text/event-stream "${events}data: {\"choices\": [{\"delta\": {}, \"finish_reason\": \"stop\"}]}

data: [DONE]

" ;;
      *) reply '200 OK' application/json "{\"choices\": [{\"message\": {\"content\": \"$words\"}, \"finish_reason\": \"stop\"}], $usage}" ;;
    esac ;;
  *) reply '404 Not Found' application/json '{"error": "no such path"}' ;;
esac
