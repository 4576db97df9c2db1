"""Whether a host answers, known within seconds."""

import threading
import urllib.error
import urllib.request

# TFDS retries for minutes where there is no network; this is asked first.
TIMEOUT_SECONDS = 5.0


def why_unreachable(url: str, timeout: float = TIMEOUT_SECONDS) -> str:
    """Returns why a URL cannot be reached, or `""` if its server answers at all.

    Proxies of the environment are used. The whole question takes at most `timeout`
    seconds, the look-up of the name included, which sockets' own timeouts leave out.

    Args:
        url: An `http` or `https` address; only its head is asked for.
        timeout: Seconds to wait.
    """
    answer: list[str] = []

    def ask() -> None:
        request = urllib.request.Request(url, method="HEAD")
        try:
            # Not urlopen: it keeps the proxies of the process's first request.
            with urllib.request.build_opener().open(request, timeout=timeout):
                answer.append("")
        except urllib.error.HTTPError:
            answer.append("")  # refusing is answering
        except (OSError, ValueError) as error:
            answer.append(str(getattr(error, "reason", error)))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    return answer[0] if answer else f"no answer within {timeout:g} s"
