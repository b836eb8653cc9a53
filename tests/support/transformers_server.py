"""A server as people write them: transformers behind the standard library's HTTP, with the API of OpenAI.

    transformers_server.py serve MODEL [--pass-limit] [--no-usage]

Without --pass-limit, its program asks generate() for no number of tokens.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PORT = 8000
LEAD = "\nBeautiful is better than ugly.\n"
"""What goes before an answer: a line that the canary goes on from, and ends the next one soon."""


def answer(text: str, tokens: int) -> "tuple[str, int, bool]":
    """What the model adds to a text, of how many tokens it is, and whether it came to its end."""
    kept = len(tokenizer(LEAD)["input_ids"])
    ids = tokenizer(text + LEAD, return_tensors="pt")["input_ids"][:, -kept:]
    told = {"max_new_tokens": tokens} if "--pass-limit" in sys.argv else {}
    with torch.no_grad():
        made = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, eos_token_id=END, **told)
    new = made[0, ids.shape[1] :]
    return tokenizer.decode(new, skip_special_tokens=True), len(new), new[-1].item() == END


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_GET(self) -> None:
        """Health and models."""
        self._send(
            {"object": "list", "data": [{"id": "canary"}]}, 200 if self.path in {"/health", "/v1/models"} else 404
        )

    def do_POST(self) -> None:
        """A chat, or a text that goes on; a stream of one piece."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_chat = "messages" in body
        text, count, is_over = answer(
            body["messages"][-1]["content"] if is_chat else body["prompt"], body["max_tokens"]
        )
        finish = "stop" if is_over else "length"
        usage = {} if "--no-usage" in sys.argv else {"usage": {"completion_tokens": count}}
        if body.get("stream"):
            self._stream({"delta": {"content": text}, "finish_reason": finish})
        else:
            said: dict[str, Any] = {"message": {"content": text}} if is_chat else {"text": text}
            self._send({"choices": [{**said, "finish_reason": finish}], **usage})

    def _stream(self, choice: Any) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {json.dumps({'choices': [choice]})}\n\ndata: [DONE]\n\n".encode())

    def _send(self, body: Any, status: int = 200) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[2])
    END = tokenizer("\n")["input_ids"][-1]
    model = AutoModelForCausalLM.from_pretrained(sys.argv[2])
    ThreadingHTTPServer(("0.0.0.0", PORT), Handler).serve_forever()  # noqa: S104 -- as servers in containers do
