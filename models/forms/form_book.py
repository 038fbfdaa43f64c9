"""The forms that coordinators use and write: listed, created, revised, renamed, archived.

A form belongs to a group or to the whole organisation. A group's form is changed by the group's coordinators. A form of
the organisation can be used by every coordinator and is changed by administrators.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import NotAllowed, NotFound, Refused, Stale
from models.forms import forms
from models.forms.builtin_forms import BUILT_IN
from models.forms.forms import Form, FormVersion, GroupForm
from models.forms.items import Item
from models.people import access, audit, groups
from models.people.access import RoleKind
from models.people.groups import Workgroup
from models.people.names import in_order
from models.people.people import Person, tidy

NAME_LENGTH = 60
"""Characters."""


@dataclass(frozen=True)
class OwnedForm:
    """A form with the group that owns it; None if it is built in or belongs to the whole organisation."""

    form: Form
    group: Workgroup | None

    @property
    def is_built_in(self) -> bool:
        return self.form.key in BUILT_IN


async def require_coordinator(session: AsyncSession, person: Person) -> None:
    """Raises NotAllowed if the person neither coordinates a group nor is an administrator."""
    if not await access.holds(session, person, RoleKind.COORDINATOR):
        raise NotAllowed("forms-for-coordinators")


async def usable(session: AsyncSession, person: Person) -> list[OwnedForm]:
    """The forms that a person may send: the built-in ones, then the organisation's and their groups' by name."""
    await require_coordinator(session, person)
    built_in = [OwnedForm((await forms.built_in(session, form)).form, None) for form in BUILT_IN.values()]
    return built_in + await _written(session, person, archived=False)


async def archived(session: AsyncSession, person: Person) -> list[OwnedForm]:
    """The archived forms that a person may bring back."""
    await require_coordinator(session, person)
    owned_forms = await _written(session, person, archived=True)
    return [owned for owned in owned_forms if await may_edit(session, person, owned)]


async def _written(session: AsyncSession, person: Person, *, archived: bool) -> list[OwnedForm]:
    mine = [group.id for group in await access.coordinated_groups(session, person)]
    asked = select(GroupForm.form_id).where(GroupForm.workgroup_id.in_(mine))
    wanted = (
        select(Form, Workgroup)
        .outerjoin(Workgroup, Workgroup.id == Form.workgroup_id)
        .where(Form.key.not_in(BUILT_IN), Form.archived_at.is_not(None) if archived else Form.archived_at.is_(None))
        .where(or_(Form.workgroup_id.is_(None), Form.workgroup_id.in_(mine), Form.id.in_(asked)))
    )
    owned = [OwnedForm(form, group) for form, group in (await session.execute(wanted)).all()]
    return sorted(owned, key=lambda owned: (in_order(owned.form.name or ""), owned.form.id))


async def access_form(session: AsyncSession, person: Person, form_id: int) -> OwnedForm:
    """A form that the person may use, or NotFound.

    Every coordinator may use the built-in forms and those of the organisation; a group's form only its coordinators,
    and those of groups that send it after their meetings.
    """
    wanted = select(Form, Workgroup).outerjoin(Workgroup, Workgroup.id == Form.workgroup_id)
    row = (await session.execute(wanted.where(Form.id == form_id))).one_or_none()
    if row is None or not await access.holds(session, person, RoleKind.COORDINATOR):
        raise NotFound
    owned = OwnedForm(*row)
    if owned.group is None or await access.holds(session, person, RoleKind.COORDINATOR, owned.group.id):
        return owned
    asking = await session.scalars(select(GroupForm.workgroup_id).where(GroupForm.form_id == form_id))
    mine = {group.id for group in await access.coordinated_groups(session, person)}
    if mine.isdisjoint(asking):
        raise NotFound
    return owned


async def access_usable_form(session: AsyncSession, person: Person, form_id: int) -> OwnedForm:
    """A form that can be sent. Raises NotFound, or Stale if it is archived."""
    owned = await access_form(session, person, form_id)
    if owned.form.archived_at is not None:
        raise Stale("form-is-archived")
    return owned


async def may_edit(session: AsyncSession, person: Person, owned: OwnedForm) -> bool:
    """Whether a person may change a form that they may use."""
    if owned.is_built_in:
        return False
    if owned.group is None:
        return await access.holds(session, person, RoleKind.ADMINISTRATOR)
    return owned.group.archived_at is None and await access.holds(session, person, RoleKind.COORDINATOR, owned.group.id)


async def access_form_to_edit(session: AsyncSession, person: Person, form_id: int) -> OwnedForm:
    """A form that the person may change, locked until the commit.

    Raises NotFound, NotAllowed, Refused if it is built in, or Stale if it is archived.
    """
    owned = await access_form(session, person, form_id)
    await _ensure_may_write(session, person, owned)
    if owned.form.archived_at is not None:
        raise Stale("form-is-archived")
    return owned


async def _ensure_may_write(session: AsyncSession, person: Person, owned: OwnedForm) -> None:
    """Refuses people who may not change the form, and any change of a built-in form. Locks the form's row."""
    if owned.is_built_in:
        raise Refused("form-is-built-in")
    if owned.group is None and not await access.holds(session, person, RoleKind.ADMINISTRATOR):
        raise NotAllowed("form-of-administrators")
    if owned.group is not None:
        if not await access.holds(session, person, RoleKind.COORDINATOR, owned.group.id):
            raise NotAllowed("form-of-others", group=owned.group.name)
        await groups.ensure_not_archived(session, owned.group)
    await session.refresh(owned.form, with_for_update=True)


async def owners(session: AsyncSession, person: Person) -> list[Workgroup | None]:
    """The possible owners of a person's new form: the organisation (None) for administrators, and their groups."""
    mine: list[Workgroup | None] = [*await access.coordinated_groups(session, person)]
    return [None, *mine] if await access.holds(session, person, RoleKind.ADMINISTRATOR) else mine


def parse_name(typed: str) -> str:
    """The name without surplus spaces. Refused if it has no letter or digit, or is longer than `NAME_LENGTH`."""
    name = tidy(typed, NAME_LENGTH + 1)
    if not any(c.isalnum() for c in name):
        raise Refused("form-name-wordless")
    if len(name) > NAME_LENGTH:
        raise Refused("line-too-long", most=NAME_LENGTH)
    return name


async def _ensure_name_free(
    session: AsyncSession, name: str, group_id: int | None, *, besides: int | None = None
) -> None:
    """Refuses a name that another form of the same owner has, unless that is archived."""
    theirs = Form.workgroup_id.is_(None) if group_id is None else Form.workgroup_id == group_id
    wanted = select(Form.id, Form.name).where(theirs, Form.archived_at.is_(None), Form.name.is_not(None))
    for form_id, taken in await session.execute(wanted):
        if taken and taken.casefold() == name.casefold() and form_id != besides:
            raise Refused("form-name-taken", name=taken)


@dataclass(frozen=True)
class FormContent:
    """What a version will contain."""

    items: tuple[Item, ...]
    named: bool = False


async def create(
    session: AsyncSession, by: Person, group_id: int | None, name: str, content: FormContent, *, now: datetime
) -> Form:
    """Creates a form with its first version, for a group or (None) for the whole organisation."""
    if group_id is None:
        await access.require_role(session, by, RoleKind.ADMINISTRATOR)
    else:
        await groups.ensure_not_archived(session, await access.access_group(session, by, group_id))
    await _ensure_name_free(session, name, group_id)
    form = Form(key=f"own-{secrets.token_hex(8)}", name=name, workgroup_id=group_id, created_at=now)
    session.add(form)
    await session.flush()
    await forms.write(session, form, content.items, named=content.named)
    audit.note(session, by, "form-written", now=now, group_id=group_id, detail=name)
    return form


async def revise(
    session: AsyncSession, by: Person, form: Form, name: str, content: FormContent, *, base: int, now: datetime
) -> bool:
    """Renames a form, writes its next version, or both. Returns whether anything has changed.

    ``base`` is the number of the version that was edited. Raises Stale if it is not the newest any more. Open runs
    keep the version that they began with.
    """
    before = await forms.newest(session, form)
    if before.number != base:
        raise Stale("form-changed-meanwhile")
    renamed = name != form.name
    if renamed:
        await _ensure_name_free(session, name, form.workgroup_id, besides=form.id)
        _note(session, by, "form-renamed", form, now=now, detail=f"{form.name} → {name}")
        form.name = name
    if not is_same(before, content):
        version = await forms.write(session, form, content.items, named=content.named)
        _note(session, by, "form-version", form, now=now, detail=f"{name} ({version.number})")
        return True
    return renamed


def is_same(version: FormVersion, content: FormContent) -> bool:
    """Whether a version has this content already."""
    return version.named == content.named and forms.has_items(version, content.items)


async def archive(session: AsyncSession, by: Person, form: Form, *, now: datetime) -> None:
    """Takes a form out of use until `restore`. Open runs go on, and results stay."""
    form.archived_at = now
    _note(session, by, "form-archived", form, now=now)


async def restore(session: AsyncSession, by: Person, owned: OwnedForm, *, now: datetime) -> None:
    """Makes an archived form usable again. The groups and meetings that had chosen it send it again."""
    await _ensure_may_write(session, by, owned)
    if owned.form.archived_at is None:
        raise Stale("form-is-restored")
    await _ensure_name_free(session, owned.form.name or "", owned.form.workgroup_id)
    owned.form.archived_at = None
    _note(session, by, "form-restored", owned.form, now=now)


def _note(session: AsyncSession, by: Person, action: str, form: Form, *, now: datetime, detail: str = "") -> None:
    audit.note(session, by, action, now=now, group_id=form.workgroup_id, detail=detail or form.name or "")
