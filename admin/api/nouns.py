"""The nouns of the interface."""

from __future__ import annotations

from admin.api.approvals import ActionsApi, ApprovalsApi
from admin.api.asides import AsidesApi, DraftsApi, HandOversApi, PartsApi, RequestsApi
from admin.api.buttons import ButtonsApi
from admin.api.covers import CoversApi
from admin.api.definitions import DefinitionsApi
from admin.api.deployments import DeploymentsApi
from admin.api.evaluation import DecisionsApi, FeelApi
from admin.api.figures import DefinitionFiguresApi
from admin.api.files import FilesApi
from admin.api.instances import InstancesApi
from admin.api.messages import MessagesApi, SignalsApi
from admin.api.migrations import DefinitionMigrationsApi, InstanceMigrationsApi, MigrationsApi
from admin.api.notices import NoticesApi
from admin.api.notifications import NotificationsApi
from admin.api.operation import Api
from admin.api.operations import IncidentsApi, JobsApi
from admin.api.people import GroupsApi, PeopleApi, UnitsApi
from admin.api.previews import DefinitionPreviewsApi, TaskPreviewsApi
from admin.api.prints import PrintsApi
from admin.api.tasks import TasksApi

NOUNS: tuple[type[Api], ...] = (
    DeploymentsApi,
    DefinitionsApi,
    DefinitionFiguresApi,
    DefinitionPreviewsApi,
    DefinitionMigrationsApi,
    NoticesApi,
    InstancesApi,
    InstanceMigrationsApi,
    PrintsApi,
    MigrationsApi,
    TasksApi,
    TaskPreviewsApi,
    ApprovalsApi,
    ButtonsApi,
    ActionsApi,
    AsidesApi,
    RequestsApi,
    PartsApi,
    DraftsApi,
    MessagesApi,
    SignalsApi,
    JobsApi,
    IncidentsApi,
    NotificationsApi,
    DecisionsApi,
    FeelApi,
    PeopleApi,
    CoversApi,
    HandOversApi,
    UnitsApi,
    GroupsApi,
    FilesApi,
)
