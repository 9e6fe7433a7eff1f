import pytest

from engine.errors import ConfigurationError, Conflict, InvalidSubmission
from engine.parameters import check_environment, list_parameters, parameter, set_parameter
from engine.testing import make_centre, system


@pytest.fixture
def ctx(tmp_path):
    centre = make_centre(tmp_path)
    yield system(centre)
    centre.database.dispose()


def test_a_parameter_is_its_default_until_somebody_chooses(ctx):
    assert parameter(ctx, "handler_link.otp") == "sensitive"
    set_parameter(ctx, key="handler_link.otp", value="always")
    assert parameter(ctx, "handler_link.otp") == "always"


def test_the_environment_goes_first_and_locks(ctx, monkeypatch):
    set_parameter(ctx, key="report.confirm_number", value="true")
    monkeypatch.setenv("CALLWRIGHT_REPORT_CONFIRM_NUMBER", "false")
    assert parameter(ctx, "report.confirm_number") is False
    (state,) = [one for one in list_parameters(ctx) if one.spec.key == "report.confirm_number"]
    assert state.locked_by == "CALLWRIGHT_REPORT_CONFIRM_NUMBER"
    with pytest.raises(Conflict):
        set_parameter(ctx, key="report.confirm_number", value="true")


def test_a_value_of_the_wrong_type_is_refused_by_its_key(ctx):
    with pytest.raises(InvalidSubmission) as refused:
        set_parameter(ctx, key="handler_link.otp", value="perhaps")
    assert refused.value.problems[0].path == "handler_link.otp"
    assert parameter(ctx, "handler_link.otp") == "sensitive"


def test_the_environment_is_looked_over_before_anything_runs(ctx, monkeypatch):
    monkeypatch.setenv("CALLWRIGHT_CENTRE_LOCALE", "zh_Hant")
    check_environment(ctx.registry)
    monkeypatch.setenv("CALLWRIGHT_CENTRE_LOCALE", "zh_TW")
    with pytest.raises(ConfigurationError, match=r"CALLWRIGHT_CENTRE_LOCALE is zh_TW.*zh_Hant"):
        check_environment(ctx.registry)
