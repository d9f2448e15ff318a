"""Refusals in Stripe's shape."""

from typing import Any

Body = dict[str, Any]


class StripeError(Exception):
    """A call is refused; the client library turns status and type into its exception class."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        error_type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        remembered: bool = True,
    ) -> None:
        """Describe the refusal.

        `remembered` is False where Stripe does not keep the answer under the idempotency key: what
        validation refused, or what collided with a call still under way, may be sent again.
        """
        super().__init__(message)
        self.status = status
        self.remembered = remembered
        self._details = {"type": error_type, "code": code, "message": message, "param": param}

    def body(self) -> Body:
        """Return the JSON body; fields without a value are left out, as Stripe does."""
        error = {name: value for name, value in self._details.items() if value is not None}
        if code := self._details["code"]:
            error["doc_url"] = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        return {"error": error}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> StripeError:
    """A parameter is not acceptable: refused before anything is done."""
    return StripeError(400, message, param=param, code=code, remembered=False)


def missing(param: str) -> StripeError:
    """A parameter that must be there is not."""
    return invalid(f"Missing required param: {param}.", param=param, code="parameter_missing")


def not_found(what: str, wanted: str, *, param: str = "id") -> StripeError:
    """No object of that kind has this id."""
    return StripeError(404, f"No such {what}: '{wanted}'", code="resource_missing", param=param)
