"""Addresses of the pages of a workspace."""

from django.urls import path

from connectors.dashboard import (
    activity,
    agreement,
    connections,
    document,
    document_actions,
    documents,
    fit,
    integrations,
    mappings,
    overview,
    review,
    settings,
)

app_name = "dashboard"
_ACTIONS = (
    ("check-again", document_actions.check_again),
    ("dismiss", document_actions.dismiss),
    ("post-anew", document_actions.post_anew),
    ("restore", document_actions.restore),
    ("adopt", document_actions.adopt),
    ("link", document_actions.link),
)
urlpatterns = [
    path("", overview.overview_page, name="overview"),
    path("agreement/", agreement.latest, name="agreement-latest"),
    path("review/", review.review, name="review"),
    path("review/missing/<int:pk>/", review.review_failure, name="review-failure"),
    path("review/missing/<int:pk>/resolve/", review.resolve, name="resolve"),
    path("review/missing/<int:pk>/check-again/", review.check_failure, name="check-failure"),
    path("review/documents/<int:pk>/", review.review_document, name="review-document"),
    path("documents/", documents.documents, name="documents"),
    path("documents/export/", documents.export, name="export"),
    path("documents/<int:pk>/", document.document_page, name="document"),
    *(path(f"documents/<int:pk>/{name}/", view, name=name) for name, view in _ACTIONS),
    path("mappings/", mappings.mappings, name="mappings"),
    path("mappings/<int:pk>/", mappings.mapping_page, name="mapping"),
    path("mappings/<int:pk>/change/", mappings.change_mapping, name="change-mapping"),
    path("integrations/", integrations.integration_list, name="integrations"),
    path("integrations/new/<slug:flow>/", integrations.new, name="new-integration"),
    path("integrations/<int:pk>/", integrations.integration_page, name="integration"),
    path("integrations/<int:pk>/edit/", integrations.edit, name="edit-integration"),
    path("integrations/<int:pk>/press/<slug:button>/", integrations.press, name="press"),
    path("integrations/<int:pk>/agreement/", agreement.agreement_page, name="agreement"),
    path(
        "integrations/<int:pk>/agreement/<slug:stream>/<slug:cause>/",
        agreement.behind,
        name="agreement-behind",
    ),
    path("integrations/<int:pk>/fit/", fit.fit, name="fit"),
    path("integrations/<int:pk>/fit/make/", fit.make, name="fit-make"),
    path("integrations/<int:pk>/fit/<int:report_id>/", fit.kept, name="fit-kept"),
    path(
        "integrations/<int:pk>/fit/<int:report_id>/documents/<int:row_id>/",
        fit.document,
        name="fit-document",
    ),
    path("integrations/<int:pk>/fit/<int:report_id>/export/", fit.export, name="fit-export"),
    path("integrations/<int:pk>/fit/<int:report_id>/share/", fit.share, name="fit-share"),
    path(
        "integrations/<int:pk>/fit/<int:report_id>/take-back/", fit.take_back, name="fit-take-back"
    ),
    path("connections/", connections.connection_list, name="connections"),
    path("connections/new/<slug:provider>/", connections.new, name="new-connection"),
    path("connections/<int:pk>/", connections.connection_page, name="connection"),
    path("connections/<int:pk>/test/", connections.test, name="test"),
    path("connections/<int:pk>/edit/", connections.edit, name="edit-connection"),
    path("connections/<int:pk>/paste/", connections.paste, name="paste"),
    path("activity/", activity.activity, name="activity"),
    path("activity/verify/", activity.verify, name="verify"),
    path("activity/export/", activity.export, name="export-activity"),
    path("settings/", settings.settings_page, name="settings"),
    path("settings/invite/", settings.invite, name="invite"),
    path("settings/invitations/<int:pk>/take-back/", settings.take_back, name="take-back"),
    path("settings/members/<int:user_id>/role/", settings.change_role, name="change-role"),
    path("settings/members/<int:user_id>/remove/", settings.remove, name="remove-member"),
]
