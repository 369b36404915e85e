"""Who may what, as use cases: people, roles, grants, walls, holds, broken glass.

Each is an act with a decision of its own.  Whoever manages reads no documents: the policies say so,
and `SEPARATE` keeps the roles apart before they are even given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from appliance.access.policy import AccessClass, Decision
from appliance.app.acts import Acts
from appliance.app.governance.governed import (
    MOMENT,
    GrantShown,
    OpeningShown,
    UserShown,
    WallShown,
    account,
    check_reason,
    check_words,
    moment,
)
from appliance.app.oversight.officers import roster
from appliance.audit.records import Kind
from appliance.documents import Collection, CollectionId
from appliance.errors import Denied, NotFound, UsageError
from appliance.store.records import Grant, Opening, PrincipalRow, Wall, team, user

ADMINISTRATOR, OFFICER = "administrator", "officer"
SEPARATE = frozenset({"operator", OFFICER, ADMINISTRATOR, "custodian"})  # at most one each
RELATIONS = {"legal": "member", "health": "care_team", "finance": "deal_team"}  # else member
CROSSER = "wall_crosser"  # for one deal and for a time
SHORTEST_REASON = 20  # characters, for broken glass
LONGEST_OPENING = 60  # minutes
SHORTEST_PREFIX = 4  # characters of an id
_OPEN = "break_glass_open"
Row = TypeVar("Row", Grant, Wall, Opening)


class Governing:
    """The use cases of administrators and officers, and breaking the glass."""

    def __init__(self, acts: Acts) -> None:
        self._acts, self._store = acts, acts.store

    # -- people --------------------------------------------------------------------------------

    def users(self) -> tuple[PrincipalRow, ...]:
        """Everybody who is known here."""
        with self._acts.act("user_list", decision=self.decide("user_list")):
            return self._store.principals()

    def user(self, who: str) -> UserShown:
        """One person, with grants, walls and openings, their teams' too.

        Raises:
            NotFound: nobody of this name is known here.
        """
        with self._acts.act("user_list", decision=self.decide("user_list"), private={"user": who}):
            row = self._known(who)
            facts = self._store.person(row.uid)
            return UserShown(
                row.uid,
                row.name,
                tuple(sorted(row.roles)),
                tuple(sorted(row.teams)),
                tuple(sorted(row.purposes)),
                tuple(map(self._grant, facts.grants)),
                tuple(map(self._wall, facts.walls)),
                tuple(map(self._opening, facts.openings)),
            )

    def add_user(self, who: str, teams: frozenset[str], purposes: frozenset[str]) -> PrincipalRow:
        """Make an account of the operating system known here; again: with other teams and purposes.

        Raises:
            UsageError: there is no such account, or a word is none.
        """
        with self._changing("user_change", user=who):
            uid, name = account(who)
            check_words(teams | purposes)
            roles = self._store.person(uid).row.roles
            row = PrincipalRow(uid, name, roles, teams, purposes)
            self._store.put_principal(row)
            return row

    def grant_role(self, who: str, role: str) -> PrincipalRow:
        """Give a person a role.

        With the first administrator the founder's two roles are divided: the officer's ends, so
        that nobody holds two any more; the administrator appoints one.

        Raises:
            Denied: it must not be joined with a role that they have.
            NotFound: nobody of this name is known here.
        """
        with self._changing("role_change", user=who, role=role):
            check_words({role})
            row = self._known(who)
            if role in SEPARATE and row.roles & SEPARATE - {role}:
                held = ", ".join(sorted(row.roles & SEPARATE))
                raise Denied(
                    f"{role} and {held} must not be one person's roles",
                    remedy="give the role to somebody else, or take the other from this person",
                )
            given = self._with_roles(row, row.roles | {role})
            for founder in self._store.principals() if role == ADMINISTRATOR else ():
                if len(founder.roles & SEPARATE) > 1:
                    self._with_roles(founder, founder.roles - {OFFICER})
            return given

    def revoke_role(self, who: str, role: str) -> PrincipalRow:
        """Take a role from a person; it holds from their next request on.

        Raises:
            Denied: nobody would be an administrator, or could manage at all, any more.
            NotFound: nobody of this name is known here, or they do not have the role.
        """
        with self._changing("role_change", user=who, role=role):
            row = self._known(who)
            if role not in row.roles:
                raise NotFound("this person does not have the role", remedy="`appliance user list`")
            others = (p for p in self._store.principals() if p.uid != row.uid)
            if role == ADMINISTRATOR and not any(ADMINISTRATOR in p.roles for p in others):
                raise Denied(
                    "nobody would be an administrator any more",
                    remedy="give the role to somebody else first",
                )
            if role == OFFICER and not self._managed(without=row.uid):
                raise Denied(
                    "nobody could say who may what any more",
                    remedy="give the role to somebody else first",
                )
            return self._with_roles(row, row.roles - {role})

    # -- grants and walls ----------------------------------------------------------------------

    def grants(self) -> tuple[GrantShown, ...]:
        """Every grant, the oldest first."""
        with self._acts.act("grant_list", decision=self.decide("grant_list")):
            return tuple(map(self._grant, self._store.grants()))

    def add_grant(
        self, who: str, collection: str, relation: str, *, contributes: bool, until: str
    ) -> GrantShown:
        """Let a person or ``team:NAME`` be something to a collection.

        ``relation`` may be empty: what is usual in the collection's sector.

        Raises:
            NotFound: no such collection, or nobody of this name.
            UsageError: a word is none, the end is past, or a wall is crossed without an end.
        """
        told = {"who": who, "collection": collection, "relation": relation, "until": until}
        with self._changing("grant_change", **told):
            where = self._store.collection_named(collection)
            relation = relation or RELATIONS.get(where.sector, "member")
            check_words({relation})
            expires = moment(until)
            if relation == CROSSER and not expires:
                raise UsageError("a wall is crossed for a time", remedy="say --until when")
            made = self._store.add_grant(
                self._subject(who),
                where.id,
                relation,
                contributes=contributes,
                by=self._acts.actor.uid,
                expires=expires,
            )
            return self._grant(made)

    def revoke_grant(self, reference: str) -> GrantShown:
        """End a grant; it holds from the next request on.

        Raises:
            NotFound: there is no such grant.
        """
        with self._changing("grant_change", grant=reference):
            grant = _one(self._store.grants(), reference, "grant")
            self._store.remove_grant(grant.id)
            return self._grant(grant)

    def walls(self) -> tuple[WallShown, ...]:
        """Every wall with its reason, the oldest first."""
        with self._acts.act("wall_list", decision=self.decide("wall_list")):
            return tuple(map(self._wall, self._store.walls()))

    def add_wall(self, who: str, collection: str, reason: str) -> WallShown:
        """Keep a person or ``team:NAME`` from a collection, whatever else they were given.

        Raises:
            NotFound: no such collection, or nobody of this name.
            UsageError: there is no reason.
        """
        with self._changing("wall_change", who=who, collection=collection, reason=reason):
            check_reason(reason, 1)
            where = self._store.collection_named(collection)
            by = self._acts.actor.uid
            return self._wall(self._store.add_wall(self._subject(who), where.id, reason, by=by))

    def lift_wall(self, reference: str) -> WallShown:
        """Take a wall down.

        Raises:
            NotFound: there is no such wall.
        """
        with self._changing("wall_change", wall=reference):
            wall = _one(self._store.walls(), reference, "wall")
            self._store.remove_wall(wall.id)
            return self._wall(wall)

    def label(self, collection: str, labels: dict[str, str]) -> Collection:
        """Give a collection labels; ``hold=yes`` keeps its documents, an empty value takes it away.

        Raises:
            NotFound: no such collection.
            UsageError: a key is no word.
        """
        with self._changing("label_change", collection=collection):
            check_words(frozenset(labels))
            where = self._store.collection_named(collection)
            merged = {**dict(where.labels), **labels}
            kept = tuple((key, value) for key, value in merged.items() if value)
            return self._store.label_collection(where, kept)

    # -- broken glass --------------------------------------------------------------------------

    def openings(self) -> tuple[OpeningShown, ...]:
        """Every opening with its reason, the oldest first."""
        decision = self.decide("break_glass_list")
        with self._acts.act("break_glass_list", decision=decision):
            return tuple(map(self._opening, self._store.openings()))

    def open_glass(self, collection: str, reason: str, minutes: int) -> OpeningShown:
        """Open a collection without a grant, for at most an hour; officers have to review it.

        Raises:
            Denied: the policy does not permit it, or there is no such collection: the same words.
            UsageError: the reason is too short, the time too long, or several that may be opened
                have this name.
        """
        check_reason(reason, SHORTEST_REASON)
        if not 1 <= minutes <= LONGEST_OPENING:
            raise UsageError("too long", remedy=f"at most {LONGEST_OPENING} minutes at a time")
        id, decision = self._behind_glass(collection)
        private = {"collection": collection, "reason": reason}
        with self._acts.act(_OPEN, decision=decision, collection=id, private=private) as act:
            end = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime(MOMENT)
            opening = self._store.open_glass(self._acts.actor.uid, id, reason, end)
            act.counts["minutes"] = minutes
            self._acts.log.event(
                Kind.SECURITY, "break_glass", self._acts.actor, status="opened", counts=act.counts
            )
            return self._opening(opening)

    def review(self, reference: str) -> OpeningShown:
        """Say that an opening was looked at, by somebody else than who opened.

        Raises:
            NotFound: no opening of this id waits for a review.
            Denied: it is the reviewer's own.
        """
        with self._changing("break_glass_review", opening=reference):
            opening = _one(self._store.openings(), reference, "opening")
            if opening.uid == self._acts.actor.uid:
                raise Denied("nobody reviews their own", remedy="ask another officer")
            self._store.review_opening(opening.id, self._acts.actor.uid)
            return self._opening(replace(opening, reviewed_by=self._acts.actor.uid))

    # -- what they share -----------------------------------------------------------------------

    @contextmanager
    def _changing(self, action: str, **private: str) -> Iterator[None]:
        """An act that changes who may what: from the first look to the change nobody else does."""
        with (
            self._acts.act(action, decision=self.decide(action), private=private),
            self._store.governing,
        ):
            yield

    def decide(self, action: str) -> Decision:
        """The policy's decision on the appliance itself; it knows whether there is nobody yet."""
        people = self._store.principals()
        founding = not any(ADMINISTRATOR in person.roles for person in people)
        flags = frozenset({"founding"} if founding else ())
        return self._acts.decide(action, AccessClass("", "", flags=flags))

    def _behind_glass(self, reference: str) -> tuple[CollectionId, Decision]:
        """What may be opened under this name or id; whoever made others of the name hides nothing.

        Where there is nothing, it is decided as for a collection of no sector.
        """
        found = [c for c in self._store.collections() if reference in (c.id, c.name)]
        asked = {c.id: self._acts.decide(_OPEN, AccessClass.within(c, ())) for c in found}
        open_ = [id for id, decision in asked.items() if decision.allow]
        if len(open_) > 1:
            raise UsageError("several have this name", remedy=f"give an id: {', '.join(open_)}")
        if not asked:
            return CollectionId(""), self._acts.decide(_OPEN, AccessClass("", ""))
        id = open_[0] if open_ else next(iter(asked))
        return id, asked[id]

    def _managed(self, without: int) -> bool:
        """Whether somebody else is left who may manage: an administrator, or another officer."""
        people = self._store.principals()
        others = (p for p in people if p.uid != without)
        return any(ADMINISTRATOR in p.roles for p in people) or any(
            OFFICER in p.roles for p in others
        )

    def _with_roles(self, row: PrincipalRow, roles: frozenset[str]) -> PrincipalRow:
        changed, officers = replace(row, roles=roles), roster(self._store)
        self._store.put_principal(changed)
        if roster(self._store) != officers:  # whom the log's strings are sealed to from now on
            self._acts.log.periods.begin(roster(self._store), self._acts.log.tell_period)
        return changed

    def _known(self, who: str) -> PrincipalRow:
        for row in self._store.principals():
            if who in (row.name, str(row.uid)):
                return row
        raise NotFound("nobody of this name is known here", remedy="`appliance user add` first")

    def _subject(self, who: str) -> str:
        if who.startswith("team:"):
            name = who.removeprefix("team:")
            check_words({name})
            return team(name)
        return user(self._known(who).uid)

    def _name(self, subject: str) -> str:
        kind, _, rest = subject.partition(":")
        return subject if kind == "team" else self._person(int(rest))

    def _person(self, uid: int | None) -> str:
        return "" if uid is None else self._store.person(uid).row.name or str(uid)

    def _named(self, id: CollectionId) -> str:
        return next((c.name for c in self._store.collections() if c.id == id), id)

    def _grant(self, row: Grant) -> GrantShown:
        who, where, by = self._name(row.subject), self._named(row.collection), row.made_by
        return GrantShown(
            row.id,
            who,
            where,
            row.relation,
            row.contributes,
            row.expires,
            self._person(by),
            row.made,
        )

    def _wall(self, row: Wall) -> WallShown:
        who, where = self._name(row.subject), self._named(row.collection)
        by = self._person(row.made_by)
        return WallShown(row.id, who, where, self._store.reason(row), by, row.made)

    def _opening(self, row: Opening) -> OpeningShown:
        return OpeningShown(
            row.id,
            self._person(row.uid),
            self._named(row.collection),
            self._store.reason(row),
            row.opened,
            row.expires,
            self._person(row.reviewed_by),
        )


def _one(rows: tuple[Row, ...], reference: str, what: str) -> Row:
    found = [row for row in rows if row.id.startswith(reference)]
    if len(found) != 1 or len(reference) < SHORTEST_PREFIX:
        raise NotFound(f"there is no such {what}", remedy="give its id as the list shows it")
    return found[0]
