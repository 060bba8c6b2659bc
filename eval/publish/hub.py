"""One commit on the Hub: repository, branch, files, tag."""

from __future__ import annotations

import hashlib
import re
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ... import __version__
from ...errors import LmnError, installing
from ...files import sha256_of
from ...hub_client import HUB_HELP, LONGEST_WAIT, causes, guard_hub, reason_of, status_of
from ...masking import keep_secret, masked_echo
from ...terminal import echo
from .secrets import check_folder

T = TypeVar("T")

MAIN = "main"
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HOW_TO_SET_A_TOKEN = (
    "set HF_TOKEN, or log in with `hf auth login`; the Hub's settings make a token with write permission"
)


@dataclass(frozen=True, slots=True)
class Destination:
    """Destination of a folder, and manner of the upload.

    Attributes:
        repo: Repository, `OWNER/NAME`.
        public: Whether everyone may see it; otherwise the repository is private.
        revision: Branch, created if it does not exist.
        tag: Tag for the commit, or None.
        create_pr: Whether to open a pull request instead of a commit on the branch.
        parent_commit: Commit that the branch must be at, 40 hexadecimal digits; None for any.
        message: Message of the commit.
        retries: Number of times to repeat a request that was lost or that failed in the server.

    Raises:
        LmnError: huggingface_hub is not installed; or the repository's name is not an id, the commit is not a commit, or a tag is asked
            for on a pull request.
    """

    repo: str
    public: bool = False
    revision: str = MAIN
    tag: str | None = None
    create_pr: bool = False
    parent_commit: str | None = None
    message: str = f"Publish with llms-meet-ner {__version__}"
    retries: int = 4

    def __post_init__(self) -> None:
        try:
            from huggingface_hub.errors import HFValidationError
            from huggingface_hub.utils import validate_repo_id
        except ImportError as error:
            raise LmnError(f"publishing needs huggingface_hub ({error})", remedy=installing("tag")) from error
        try:
            validate_repo_id(self.repo)
        except HFValidationError as error:
            raise LmnError(f"not a Hub id ({reason_of(error)})", f"--repo {self.repo}", "write OWNER/NAME") from error
        if self.repo.count("/") != 1:
            raise LmnError("not a Hub id", f"--repo {self.repo}", "write OWNER/NAME")
        if self.parent_commit is not None and not _COMMIT.fullmatch(self.parent_commit):
            raise LmnError("a commit is 40 hexadecimal digits", f"--parent-commit {self.parent_commit}")
        if self.tag and self.create_pr:
            raise LmnError(
                "a pull request can be tagged only after it was merged",
                "--tag with --create-pr",
                "leave one of them out",
            )


@dataclass(frozen=True, slots=True)
class Uploaded:
    """Result of an upload.

    Attributes:
        url: Address of the commit, or of the pull request.
        commit: Commit, 40 hexadecimal digits.
        changed: Whether there is a new commit; False if all files were already there.
        others: Files in the repository that are not in the folder; they stay.
        notes: Remarks for the user.
    """

    url: str
    commit: str
    changed: bool
    others: tuple[str, ...]
    notes: tuple[str, ...]


def find_token() -> str:
    """Return the token of the environment, or of the Hub's login, which is masked from then on.

    Raises:
        LmnError: No token is set, or the value cannot be a token.
    """
    from huggingface_hub import get_token

    token = get_token()
    if not token:
        raise LmnError("no token for the Hub", remedy=_HOW_TO_SET_A_TOKEN)
    keep_secret(token, name="the token for the Hub")
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise LmnError("the token for the Hub holds characters that no token has", remedy=_HOW_TO_SET_A_TOKEN)
    return str(token)


def upload(
    folder: Path, files: Sequence[str], base: str, to: Destination, not_secret: Collection[str] = ()
) -> Uploaded:
    """Upload files of a folder to the Hub, as one commit.

    The commit is made only if the branch is where it was when the upload began. So a request whose answer was lost can safely be
    repeated.

    Args:
        folder: Folder of the files.
        files: Names of the files.
        base: Id of the base model, which must be on the Hub.
        to: Destination of the files.
        not_secret: Places that hold no secret, although it looks so, as `FILE:LINE`.

    Raises:
        LmnError: There is no token, permission or network, the branch has moved, the tag is taken, the repository is public
            without `public`, or a file holds something like a secret.
    """
    token = find_token()
    check_folder(folder, files, not_secret)
    return _Session(to, token).upload(folder, files, base)


class _Session:
    """Requests of one upload, each repeated if that can help.

    Attributes:
        to: Destination of the upload.
        api: Client of the Hub, with the token.
        notes: Remarks for the user.
    """

    def __init__(self, to: Destination, token: str) -> None:
        from huggingface_hub import HfApi

        guard_hub()
        self.to = to
        self.api = HfApi(token=token, library_name="llms-meet-ner", library_version=__version__)
        self.notes: list[str] = []

    def upload(self, folder: Path, files: Sequence[str], base: str) -> Uploaded:
        """Upload the files, and return the result."""
        with _quiet(self.notes):
            self._check_base(base)
            self._open_repository()
            tagged = self._open_branch()
            head = self._info(self.to.revision)
            self._check_head(head.sha)
            if tagged and not self._is_there(folder, files, head.sha):
                raise self._taken(head.sha)
            commit = self._commit(folder, files, head.sha)
            changed = commit.oid != head.sha or bool(commit.pr_url)
            if self.to.tag:
                self._tag(self.to.tag, commit.oid)
        others = sorted({sibling.rfilename for sibling in head.siblings or ()} - {*files, ".gitattributes"})
        url = commit.pr_url or commit.commit_url
        return Uploaded(str(url), commit.oid, changed, tuple(others), tuple(self.notes))

    def _call(self, what: str, call: Callable[[], T], *, again: bool = True) -> T:
        """Send a request, and repeat it after 1, 2, 4, ... seconds while the fault is the network's or the server's.

        Raises:
            LmnError: The request failed; the message never holds the token.
        """
        for attempt in range(self.to.retries + 1):
            try:
                return call()
            except Exception as error:  # the client raises errors of half a dozen libraries
                reason = reason_of(error)
                if not (again and _is_transient(error)) or attempt == self.to.retries:
                    meaning, remedy = self._meaning(error, is_commit=what.startswith("commit"))
                    break
                wait = _wait(error, attempt)
                echo(f"{what}: {reason}; again in {wait:g} s", err=True)
                time.sleep(wait)
        raise LmnError(meaning, what, remedy) from None  # what led to the error may quote the request, with the token

    def _meaning(self, error: Exception, *, is_commit: bool) -> tuple[str, str | None]:
        """Return the meaning of an error, and a remedy."""
        repo, status, reason = self.to.repo, status_of(error), reason_of(error)
        endpoint = self.api.endpoint
        if status == 401:
            return f"{endpoint} does not know the token (401)", _HOW_TO_SET_A_TOKEN
        if status == 403:
            owner = repo.partition("/")[0]
            remedy = f"use a token with permission to write to {owner}, or publish with --create-pr"
            return f"the token may not do that in {repo} (403: {reason})", remedy
        if status in (409, 412) and is_commit:
            moved = f"the branch {self.to.revision} of {repo} has moved in the meantime ({reason})"
            return moved, "look at it and publish again"
        if status is None and _is_transient(error):
            return f"{endpoint} cannot be reached ({reason})", "check the network, or HF_ENDPOINT"
        if type(error).__name__ == "OfflineModeIsEnabled":
            return "HF_HUB_OFFLINE is set", "unset it to publish"
        return f"{f'{status}: ' if status else ''}{reason}", None

    def _info(self, revision: str | None = None) -> Any:
        what = f"looking at {self.to.repo}"
        found = self._call(what, lambda: self.api.model_info(self.to.repo, revision=revision))
        if not _COMMIT.fullmatch(str(found.sha)):
            raise LmnError("the Hub names no commit of the branch, so nothing was uploaded", what, HUB_HELP)
        return found

    def _check_base(self, base: str) -> None:
        """Make sure that the base model is on the Hub, even if not everyone may see it."""
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

        def look() -> bool:
            try:
                self.api.model_info(base)
            except GatedRepoError:
                return True
            except RepositoryNotFoundError as error:
                if status_of(error) == 401:
                    raise
                return False
            return True

        if not self._call(f"looking for the base model {base}", look):
            raise LmnError(
                f"the base model is not on {self.api.endpoint}, so nobody could load the adapter",
                base,
                "name it with --base-model OWNER/NAME",
            )

    def _open_repository(self) -> None:
        """Create the repository unless it exists, and make sure that nothing becomes public unasked."""
        from huggingface_hub.errors import RepositoryNotFoundError

        def look() -> Any:
            try:
                return self.api.model_info(self.to.repo)
            except RepositoryNotFoundError:
                return None  # or the token may not see it: then it cannot create it either

        found = self._call(f"looking at {self.to.repo}", look)
        if found is None and self.to.create_pr:
            raise LmnError("no such repository, or the token may not see it", self.to.repo, "--create-pr needs one")
        if found is None:
            private = not self.to.public
            self._call(
                f"creating {self.to.repo}", lambda: self.api.create_repo(self.to.repo, private=private, exist_ok=True)
            )
            found = self._info()
        if not found.private and not self.to.public:
            raise LmnError(
                "the repository is public, so nothing was uploaded", self.to.repo, "--public publishes there"
            )
        if found.private and self.to.public:
            self.notes.append(f"{self.to.repo} is private and stays private; its settings on the Hub change that")

    def _open_branch(self) -> bool:
        """Create the branch unless it exists, check the tag, and return whether the tag is already on the branch's last commit.

        Raises:
            LmnError: The tag is on another commit, or the revision cannot be a branch.
        """
        refs = self._call(f"looking at the branches of {self.to.repo}", lambda: self.api.list_repo_refs(self.to.repo))
        branches = {ref.name: ref.target_commit for ref in refs.branches}
        tags = {ref.name: ref.target_commit for ref in refs.tags}
        revision, tag = self.to.revision, self.to.tag
        if tag in tags and tags[tag] != branches.get(revision):
            raise self._taken(tags[tag])
        if revision in branches:
            return tag in tags
        if revision in tags or _COMMIT.fullmatch(revision):
            raise LmnError("not a branch, and only a branch takes commits", f"--revision {revision}", "name a branch")
        if self.to.create_pr:
            raise LmnError(f"no branch {revision} that a pull request could go to", self.to.repo)
        self._call(
            f"creating branch {revision}", lambda: self.api.create_branch(self.to.repo, branch=revision, exist_ok=True)
        )
        return False

    def _taken(self, commit: str, more: str = "") -> LmnError:
        what = f"tag {self.to.tag} is taken by commit {commit}, and tags do not move{more}"
        return LmnError(what, self.to.repo, "use another tag")

    def _is_there(self, folder: Path, files: Sequence[str], commit: str) -> bool:
        """Return whether a commit holds all files as they are."""

        def listed() -> dict[str, str]:
            rows = self.api.list_repo_tree(self.to.repo, recursive=True, revision=commit)
            return {row.path: row.lfs.sha256 if row.lfs else row.blob_id for row in rows if hasattr(row, "blob_id")}

        there = self._call(f"looking at {self.to.repo}", listed)
        return all(there.get(name) in (sha256_of(folder / name), _git_sha1(folder / name)) for name in files)

    def _check_head(self, head: str) -> None:
        asked = self.to.parent_commit
        if asked and asked != head:
            raise LmnError(
                f"branch {self.to.revision} is at {head}, and not at --parent-commit {asked}, so nothing was uploaded",
                self.to.repo,
            )

    def _commit(self, folder: Path, files: Sequence[str], head: str) -> Any:
        """Upload and commit. If the answer is lost and the request repeated, the client finds all files and makes no second commit.

        A pull request has no such guard, so it is requested only once.
        """
        from huggingface_hub import CommitOperationAdd

        def commit() -> Any:
            return self.api.create_commit(
                self.to.repo,
                [CommitOperationAdd(name, str(folder / name)) for name in files],
                commit_message=self.to.message,
                revision=self.to.revision,
                create_pr=self.to.create_pr,
                parent_commit=head,
            )

        return self._call(f"commit to {self.to.repo}", commit, again=not self.to.create_pr)

    def _tag(self, tag: str, commit: str) -> None:
        def make() -> None:
            self.api.create_tag(self.to.repo, tag=tag, revision=commit, exist_ok=True)

        self._call(f"creating tag {tag}", make)
        refs = self._call(f"looking at the tags of {self.to.repo}", lambda: self.api.list_repo_refs(self.to.repo))
        found = {ref.name: ref.target_commit for ref in refs.tags}.get(tag)
        if found != commit:
            raise self._taken(str(found), f"; the files are there as commit {commit}")


def _git_sha1(path: Path) -> str:
    """Return git's hash of a file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


@contextmanager
def _quiet(notes: list[str]) -> Iterator[None]:
    """Collect the client's warnings as notes, and show its progress on a terminal only."""
    from huggingface_hub import logging
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    level, silent = logging.get_verbosity(), are_progress_bars_disabled()
    logging.set_verbosity_error()
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if not silent:
            enable_progress_bars()
    messages = [str(warning.message) for warning in caught if warning.category is UserWarning]
    notes += [masked_echo(" ".join(text.split())) for text in dict.fromkeys(messages)]


def _is_transient(error: Exception) -> bool:
    """Return whether a request may succeed later: the fault is the server's or the network's."""
    import httpx

    status = status_of(error)
    if status is not None:
        return status in _TRANSIENT
    lost = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)
    return any(isinstance(cause, lost) for cause in causes(error))


def _wait(error: Exception, attempt: int) -> float:
    """Return the seconds to wait before a request is repeated: as many as the server says, else 1, 2, 4, ..."""
    for cause in causes(error):
        after = getattr(getattr(cause, "response", None), "headers", {}).get("retry-after", "")
        if str(after).isdigit():
            return min(float(after), LONGEST_WAIT)
    return min(2.0**attempt, LONGEST_WAIT)
